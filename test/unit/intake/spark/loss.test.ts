import { describe, expect, test } from 'vitest';
import { lossOf } from '../../../../src/intake/spark/loss.ts';
import type { SparkVersion } from '../../../../src/intake/spark/executor-memory.ts';

const decommission = { 'spark.decommission.enabled': 'true', 'spark.storage.decommission.enabled': 'true' };
const plugin = {
  'spark.shuffle.sort.io.plugin.class': 'org.apache.spark.shuffle.KubernetesLocalDiskShuffleDataIO',
};
const volumes = {
  ...plugin,
  'spark.kubernetes.driver.ownPersistentVolumeClaim': 'true',
  'spark.kubernetes.driver.reusePersistentVolumeClaim': 'true',
};
const keeps = (conf: Readonly<Record<string, string>>, version: SparkVersion) =>
  lossOf(new Map(Object.entries(conf)), version).keeps ?? 'nothing';

describe('what is left of an executor’s output when it is lost', () => {
  test.each<[string, Readonly<Record<string, string>>, SparkVersion, string]>([
    ['by default: nothing', {}, [3, 5], 'nothing'],
    ['a remote shuffle service', { 'spark.shuffle.manager': 'org.apache.spark.shuffle.celeborn.X' }, [3, 5], 'store'],
    ['Spark’s own manager by its old name', { 'spark.shuffle.manager': 'tungsten-sort' }, [3, 5], 'nothing'],
    ['volumes that the driver owns and reuses', volumes, [3, 2], 'volumes'],
    ['from 3.4 on that is the default', plugin, [3, 4], 'volumes'],
    ['before it is not', plugin, [3, 3], 'nothing'],
    [
      'reuse switched off',
      { ...volumes, 'spark.kubernetes.driver.reusePersistentVolumeClaim': 'false' },
      [3, 5],
      'nothing',
    ],
    [
      'volumes without the plugin that finds the files again',
      { ...volumes, 'spark.shuffle.sort.io.plugin.class': 'x' },
      [3, 5],
      'nothing',
    ],
    ['decommissioning, whose shuffle blocks move by default from 3.4 on', decommission, [3, 4], 'peers'],
    ['before 3.4 they do not', decommission, [3, 3], 'nothing'],
    [
      'unless it says so',
      { ...decommission, 'spark.storage.decommission.shuffleBlocks.enabled': 'true' },
      [3, 1],
      'peers',
    ],
    ['decommissioning without storage', { 'spark.decommission.enabled': 'true' }, [3, 5], 'nothing'],
    [
      'a value that is not true is false, as in Spark’s error',
      { ...decommission, 'spark.decommission.enabled': 'yes' },
      [3, 5],
      'nothing',
    ],
  ])('%s', (_, conf, version, expected) => {
    expect(keeps(conf, version)).toBe(expected);
  });

  test('the label of executors that Spark gives up', () => {
    const conf = new Map([['spark.kubernetes.executor.decommissionLabel', 'going']]);
    expect(lossOf(conf, [3, 5]).givesUp).toEqual({ label: 'going', value: '' });
    conf.set('spark.kubernetes.executor.decommissionLabelValue', 'yes');
    expect(lossOf(conf, [3, 5]).givesUp).toEqual({ label: 'going', value: 'yes' });
    expect(lossOf(new Map([['spark.kubernetes.executor.decommissionLabel', '']]), [3, 5])).toEqual({});
  });
});
