/** The texts of `logs`, `support-bundle` and `spool`. */
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
  'spool.about':
    'find sealed images on the disk and take them out, without the index and without a running agent',
  'spool.list.about':
    'list every sealed image with its file, offset and length; with --json one line for each',
  'spool.extract.about': 'write sealed images as ULID.age, with what is known of them as ULID.json',
  'spool.folder': 'the folder of the spool, or a copy of it; otherwise that of the configuration',
  'spool.ulids': 'images by their ULIDs (ferry spool list)',
  'spool.to': 'folder for the files; none of them may exist',
  'spool.all': 'all images of the spool',
  'spool.list.sum': '{instances} images, {mebibytes} MiB; {unread} places that do not read as an image.',
  'spool.extract.which': 'name images by their ULIDs, or give --all, not both',
  'spool.extract.missing': 'the spool has no image {ulids}; ferry spool list shows those that it has',
  'spool.extract.howTo':
    'Each opens with a key of the imaging center or its recovery key: age --decrypt -i KEYFILE ULID.age > ULID.dcm',
} as const
