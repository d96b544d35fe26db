/** The texts of `logs` and `support-bundle`. */
export const LOG_ENGLISH = {
  'bundle.about': 'write state and log into one file for support, without patient data',
  'bundle.output': 'name of the new file',
  'bundle.done':
    'Written: {path}. It has no patient data; README.txt in it says what it has. Send it to whoever helps you.',
  'logs.about': 'show the log of the service: its files, or the journal',
  'logs.follow': 'keep showing new lines until Ctrl-C',
  'logs.since': 'only lines since then: 2h, 3d, 2026-01-31, 2026-01-31T08:00:00Z',
  'logs.level': 'only lines of this level and of those that matter more',
  'logs.lines': 'only the last lines',
  'logs.journal': 'From the journal. The same with its own command: {command}',
  'logs.none':
    'there is no log file {path}, and systemd has no such service here: a program that was started by hand writes its log to its own terminal',
} as const
