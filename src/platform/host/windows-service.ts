import type { RunTool } from './run-tool.ts'

/** A Windows service as its manager reports it. */
interface WindowsService {
  readonly state: 'running' | 'stopped' | 'changing'
  /** Whether it starts with the machine. */
  readonly isAutomatic: boolean
  readonly isDisabled: boolean
}

/** The exit code of `sc` for a service that is not installed (ERROR_SERVICE_DOES_NOT_EXIST). */
const NOT_INSTALLED = 1060

/** Asks the service manager; `absent` if there is no such service, undefined if it does not answer. */
export async function readWindowsService(
  name: string,
  run: RunTool,
): Promise<WindowsService | 'absent' | undefined> {
  const [state, settings] = [await run('sc', 'query', name), await run('sc', 'qc', name)]
  if (state?.exitCode === NOT_INSTALLED) return 'absent'
  if (state?.exitCode !== 0 || settings?.exitCode !== 0) return undefined
  return windowsServiceOf(state.out, settings.out)
}

/** The titles of the lines are in the language of Windows; the numbers and their names are not. */
function windowsServiceOf(state: string, settings: string): WindowsService {
  const number = /:\s*(\d)\s+(?:STOPPED|START_PENDING|STOP_PENDING|RUNNING|\w*PAUSE\w*)/.exec(state)?.[1]
  return {
    state: number === '4' ? 'running' : number === '1' ? 'stopped' : 'changing',
    isAutomatic: /:\s*2\s+AUTO_START/.test(settings),
    isDisabled: /:\s*4\s+DISABLED/.test(settings),
  }
}
