// Finds files, exports and dependencies that nothing uses.
export default {
  // Files that a program, a thread or a person starts; all else must be imported by one of them.
  entry: [
    'src/console/program/ferry.ts',
    'src/console/program/ferry-center.ts',
    'src/console/program/packages-in-one-file.ts',
    'src/**/*-thread.ts',
    'bin/*.js',
    'build/*.{js,ts}',
    'bench/*.ts',
    'bench/**/run-*.ts',
    'test/**/*.test.ts',
    'test/support/programs/run-*.ts',
    'test/support/programs/no-sync.mjs',
  ],
  project: ['src/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts', 'build/**/*.ts'],
  // Programs of the system that tests and scripts start; .ci/run installs most of them.
  ignoreBinaries: [
    ...[
      'age',
      'age-keygen',
      'dcmdump',
      'dciodvfy',
      'dcmsend',
      'dsrdump',
      'eatmydata',
      'gcc',
      'gcore',
      'gdcmconv',
    ],
    ...[
      'journalctl',
      'mkfifo',
      'mount',
      'openssl',
      'dpkg-deb',
      'journalctl',
      'prlimit',
      'storescp',
      'storescu',
      'strace',
      'systemd-analyze',
      'uconv',
      'umount',
      'fallocate',
    ],
  ],
}
