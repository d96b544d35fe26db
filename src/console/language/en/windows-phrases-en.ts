/** The texts of the Windows service. */
export const WINDOWS_ENGLISH = {
  'windowsService.about': 'the Windows service',
  'windowsService.run': 'run as the Windows service; only the service manager of Windows starts this',
  'windowsService.failed': 'The service {name} has ended with exit code {exitCode}.\r\n{reason}',
} as const
