import { join } from 'node:path'
import { startControlServer } from '../../../src/agent/control/control-server.ts'
import { CenterAccount } from '../../../src/agent/send/center-account.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { runCommand } from '../programs/run-command.ts'
import { tempFolder } from '../temp-folder.ts'
import { FakeControlService } from './fake-control-service.ts'

/** A folder as `ferry init` makes it, with the agent's key, and behind its control socket a service that answers what a test puts in. */
export async function startFakeAgent(): Promise<
  AsyncDisposable & { path: string; service: FakeControlService }
> {
  const stack = new AsyncDisposableStack()
  const folder = stack.use(tempFolder())
  await runCommand(folder.path, ['init'])
  // Its key signs the audit trail.
  await CenterAccount.openToJoin(join(folder.path, 'data'))
  const service = new FakeControlService()
  stack.use(await startControlServer({ dataFolder: join(folder.path, 'data'), service, log: silentLog }))
  return { path: folder.path, service, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
