import { promisify } from 'node:util'
import type { TypeObject } from 'koffi'
import type { Clock } from '../clock.ts'
import { Failure } from '../failure.ts'
import { ServiceStatus, type StatusReport } from './service-status.ts'
import { advapi32, type Koffi, loadKoffi } from './windows-library.ts'

const SERVICE_WIN32_OWN_PROCESS = 0x10

interface WindowsServiceOptions {
  /** The key of the service, as `sc query` shows it. */
  readonly name: string
  readonly clock: Clock
  /** Resolves to the exit code. `ready` is called when the program does its work; the signal asks for its end. Never rejects. */
  readonly work: (ready: () => void, signal: AbortSignal) => Promise<number>
}

/**
 * Runs this process as a Windows service of its own and resolves to the exit code of its work once Windows knows that it
 * has stopped. Throws USAGE unless the service manager started the process.
 *
 * StartServiceCtrlDispatcherW returns when the service has stopped, so that it runs in a thread of libuv's pool for the
 * whole life of the process. Windows calls ServiceMain and HandlerEx in other threads; koffi brings both calls to the
 * main loop.
 */
export async function runWindowsService({ name, clock, work }: WindowsServiceOptions): Promise<number> {
  const koffi = await loadKoffi()
  const manager = new ServiceManager(koffi)
  const stop = new AbortController()
  let status: ServiceStatus | undefined
  let ended: Promise<number> | undefined
  const onControl = manager.handler((code) => status?.control(code) ?? 0)
  const onMain = manager.main(() => {
    const report = manager.reportTo(name, onControl)
    const begun = new ServiceStatus({
      clock,
      report,
      stop: () => stop.abort(new Error('stopped by Windows')),
    })
    status = begun
    ended = work(() => begun.running(), stop.signal).then((exitCode) => {
      begun.stopped(exitCode)
      return exitCode
    })
  })
  const isService = await manager.dispatch(name, onMain)
  if (!isService || ended === undefined)
    throw new Failure(
      'USAGE',
      `connecting to the service manager: Windows did not start this process as the service ${name}: start the service (sc start ${name}), or use the command run`,
    )
  const exitCode = await ended
  koffi.unregister(onMain)
  koffi.unregister(onControl)
  return exitCode
}

/** The functions and types of winsvc.h. */
class ServiceManager {
  readonly #koffi: Koffi
  readonly #main: TypeObject
  readonly #handler: TypeObject
  readonly #status: TypeObject
  readonly #entry: TypeObject

  constructor(koffi: Koffi) {
    this.#koffi = koffi
    this.#main = koffi.proto('void __stdcall FerryServiceMain(uint32 argc, void *argv)')
    this.#handler = koffi.proto(
      'uint32 __stdcall FerryServiceHandler(uint32 control, uint32 type, void *data, void *context)',
    )
    this.#status = koffi.struct('SERVICE_STATUS', {
      dwServiceType: 'uint32',
      dwCurrentState: 'uint32',
      dwControlsAccepted: 'uint32',
      dwWin32ExitCode: 'uint32',
      dwServiceSpecificExitCode: 'uint32',
      dwCheckPoint: 'uint32',
      dwWaitHint: 'uint32',
    })
    this.#entry = koffi.struct('SERVICE_TABLE_ENTRYW', {
      lpServiceName: 'str16',
      lpServiceProc: koffi.pointer(this.#main),
    })
  }

  main(call: () => void): bigint {
    return this.#koffi.register(call, this.#koffi.pointer(this.#main))
  }

  handler(call: (control: number) => number): bigint {
    return this.#koffi.register(call, this.#koffi.pointer(this.#handler))
  }

  /** Resolves to false if Windows did not start this process as a service (ERROR_FAILED_SERVICE_CONTROLLER_CONNECT). */
  async dispatch(name: string, main: bigint): Promise<boolean> {
    const dispatcher = advapi32(this.#koffi).func('__stdcall', 'StartServiceCtrlDispatcherW', 'bool', [
      this.#koffi.pointer(this.#entry),
    ])
    const table = [
      { lpServiceName: name, lpServiceProc: main },
      { lpServiceName: null, lpServiceProc: null },
    ]
    return (await promisify(dispatcher.async)(table)) === true
  }

  /** Registers the handler of control codes and returns the function that reports states. */
  reportTo(name: string, handler: bigint): (report: StatusReport) => void {
    const library = advapi32(this.#koffi)
    const register = library.func('__stdcall', 'RegisterServiceCtrlHandlerExW', 'void *', [
      'str16',
      this.#koffi.pointer(this.#handler),
      'void *',
    ])
    const setStatus = library.func('__stdcall', 'SetServiceStatus', 'bool', [
      'void *',
      this.#koffi.pointer(this.#status),
    ])
    const handle: unknown = register(name, handler, null)
    return (report) => void setStatus(handle, statusOf(report))
  }
}

function statusOf(report: StatusReport): object {
  return {
    dwServiceType: SERVICE_WIN32_OWN_PROCESS,
    dwCurrentState: report.state,
    dwControlsAccepted: report.controlsAccepted,
    dwWin32ExitCode: report.exitCode,
    dwServiceSpecificExitCode: report.specificExitCode,
    dwCheckPoint: report.checkPoint,
    dwWaitHint: report.waitHintMs,
  }
}
