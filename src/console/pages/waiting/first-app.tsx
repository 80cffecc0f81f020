import { Empty } from '../../parts/notes.tsx';

/** What to do while no gang is there at all. */
export function FirstApp() {
  return (
    <Empty title="No gang is here yet.">
      <p>Submit a Spark application with this one setting, and it appears here:</p>
      <pre class="code">spark-submit --conf spark.kubernetes.scheduler.name=muster …</pre>
      <p>Pods of other kinds say it themselves:</p>
      <pre class="code">{'spec:\n  schedulerName: muster'}</pre>
    </Empty>
  );
}
