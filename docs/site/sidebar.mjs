const page = (text, link) => ({ text, link: `/${link}` });

/** Every page under docs/ is here once; test/unit/docs-site.test.ts says so. */
export const SIDEBAR = [
  { text: 'Start here', items: [page('What muster is', 'index'), page('Questions people ask', 'faq')] },
  {
    text: 'Run jobs',
    items: [
      page('Run my Spark job', 'run-my-spark-job'),
      page('When will my job start', 'when-will-my-job-start'),
      page('Spark: what muster reads', 'spark'),
      page('Other gangs', 'dialects'),
      page('Servers and streams', 'classes'),
    ],
  },
  {
    text: 'Install and watch',
    items: [
      page('Install', 'install'),
      page('Ways to run muster', 'install-modes'),
      page('Versions', 'support-matrix'),
      page('Upgrade', 'upgrade'),
      page('The console', 'console'),
      page('In the terminal', 'cli'),
      page('Watching waits', 'observe'),
      page('Running muster', 'operations'),
      page('The webhook', 'webhook'),
      page('Autoscaling', 'autoscaling'),
    ],
  },
  {
    text: 'When something is wrong',
    items: [page('From symptom to remedy', 'when-something-is-wrong'), page('Errors', 'errors')],
  },
  {
    text: 'Decide how it schedules',
    items: [
      page('Which policy for me', 'which-policy'),
      page('Policies', 'policies'),
      page('Several teams', 'tenants'),
      page('Queues', 'queues'),
      page('Start times', 'start-times'),
      page('How long runs take', 'run-times'),
      page('Preemption', 'preemption'),
      page('Rates and addresses', 'rates'),
      page('Cost', 'cost'),
      page('Rehearse on a trace', 'replay'),
      page('Traces', 'traces'),
    ],
  },
  { text: 'Coming from', items: [page('Another scheduler', 'coming-from')] },
  {
    text: 'Reference',
    items: [
      page('Settings and metrics', 'config'),
      page('HTTP', 'wire'),
      page('Threat model', 'security'),
      page('Words', 'glossary'),
    ],
  },
  {
    text: 'Evidence and design',
    items: [
      page('Benchmarks of decisions', 'benchmarks'),
      page('Performance', 'performance'),
      page('Architecture', 'architecture'),
      page('Releasing', 'release'),
    ],
  },
];
