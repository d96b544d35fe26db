import { advapi32, loadKoffi } from './windows-library.ts'

/** EVENTLOG_ERROR_TYPE (winnt.h). */
const ERROR_TYPE = 1
/** EventCreate.exe, which the installer names as the message file, has the ids 1 to 1000; each shows its text alone. */
const EVENT_ID = 1
/** ReportEventW takes strings of at most 31,839 characters. */
const LONGEST_TEXT = 31_000

/** Writes an error into the Application log of Windows. Returns false if Windows did not take it. */
export async function writeEventLogError(source: string, text: string): Promise<boolean> {
  const koffi = await loadKoffi()
  const library = advapi32(koffi)
  const open = library.func('__stdcall', 'RegisterEventSourceW', 'void *', ['str16', 'str16'])
  const report = library.func('__stdcall', 'ReportEventW', 'bool', [
    'void *',
    'uint16',
    'uint16',
    'uint32',
    'void *',
    'uint16',
    'uint32',
    koffi.pointer('str16'),
    'void *',
  ])
  const close = library.func('__stdcall', 'DeregisterEventSource', 'bool', ['void *'])
  const handle: unknown = open(null, source)
  if (handle === null) return false
  const strings = [text.slice(0, LONGEST_TEXT)]
  try {
    return report(handle, ERROR_TYPE, 0, EVENT_ID, null, strings.length, 0, strings, null) === true
  } finally {
    close(handle)
  }
}
