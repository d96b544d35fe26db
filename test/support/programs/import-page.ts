import { writeFileSync } from 'node:fs'
import { PageImports } from '../../../src/console/web/page-import.ts'
import { SetupDesk } from '../../../src/console/web/setup-desk.ts'
import { type StatusPage, startStatusPage } from '../../../src/console/web/status-page.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { tempFolder } from '../temp-folder.ts'
import { type Clinic, openClinic } from './clinic.ts'

interface ImportPage extends AsyncDisposable {
  readonly clinic: Clinic
  readonly page: StatusPage
}

/** A clinic in this process, and the page of its agent with the panel for imports. */
export async function openImportPage(): Promise<ImportPage> {
  await using stack = new AsyncDisposableStack()
  const clinic = stack.use(await openClinic())
  const folder = stack.use(tempFolder())
  const parts = { clock: systemClock, log: silentLog }
  const { service } = clinic.agent
  const file = folder.join('ferry.yaml')
  writeFileSync(file, `dataFolder: ${clinic.settings.dataFolder}\n`)
  const desk = stack.use(new SetupDesk({ settings: clinic.settings, file, service, ...parts }))
  const imports = stack.use(new PageImports({ service, limits: clinic.settings.import, ...parts }))
  const where = { host: '127.0.0.1', port: 0, service, desk, imports, ...parts }
  const page = stack.use(await startStatusPage(where))
  const all = stack.move()
  return { clinic, page, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
