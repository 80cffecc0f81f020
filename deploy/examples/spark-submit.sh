#!/bin/sh
# Spark's own example, started whole by muster. Only the scheduler's name matters (Spark 3.3 and later): muster reads
# the gang from the objects that spark-submit creates.
exec spark-submit \
  --master "k8s://${API_SERVER:?such as https://10.0.0.1:6443}" \
  --deploy-mode cluster \
  --name pi \
  --class org.apache.spark.examples.SparkPi \
  --conf spark.kubernetes.namespace=spark-jobs \
  --conf spark.kubernetes.authenticate.driver.serviceAccountName=spark \
  --conf spark.kubernetes.container.image="${SPARK_IMAGE:-apache/spark:3.5.1}" \
  --conf spark.kubernetes.scheduler.name=muster \
  --conf spark.executor.instances=4 \
  --conf spark.executor.memory=1g \
  local:///opt/spark/examples/jars/spark-examples.jar 10000
