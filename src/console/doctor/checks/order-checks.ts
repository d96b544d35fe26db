import { FolderSource } from '../../../agent/orders/sources/folder-source.ts'
import { HttpSource } from '../../../agent/orders/sources/http-source.ts'
import type { PolledSource } from '../../../agent/orders/sources/order-source.ts'
import { WorklistSource } from '../../../agent/orders/sources/worklist-source.ts'
import type { AgentSettings } from '../../../config/agent-settings.ts'
import type { OrderSourceSettings } from '../../../config/order-settings.ts'
import { deviceTls } from '../../../dimse/scu/device-tls.ts'
import { Failure } from '../../../platform/failure.ts'
import type { DoctorFinding, Exam } from './exam.ts'
import { unreadFolder } from './watched-folder-checks.ts'

const LONGEST_MS = 30_000

/** Each source of orders is asked once, as the agent asks it. One that sends by itself has a port, which is examined elsewhere. */
export async function examineOrderSources(exam: Exam, settings: AgentSettings): Promise<DoctorFinding[]> {
  const { orders, displayNames } = settings
  const findings = await Promise.all(orders.map((source) => examineSource(exam, source, settings)))
  const isInMemory = orders.length > 0 && displayNames === 'off'
  return [...findings.flat(), ...(isInMemory ? [exam.note('orders', 'ordersInMemory')] : [])]
}

async function examineSource(
  exam: Exam,
  source: OrderSourceSettings,
  settings: AgentSettings,
): Promise<DoctorFinding[]> {
  const { name } = source
  if (source.kind === 'hl7') return []
  if (source.kind === 'files') {
    const unread = unreadFolder(exam, 'orders', { name, path: source.files.folder })
    if (unread !== undefined) return [unread]
  }
  try {
    const answer = await ask(exam, source, settings)
    if (answer?.problem !== undefined) throw new Failure('ORDERS_INVALID', answer.problem)
    return [exam.good('orders', 'orderSource', { name, count: answer?.orders.length ?? 0 })]
  } catch (error) {
    const finding = exam.failed('orders', error, 'ORDERS_UNREACHABLE', 'asking for orders')
    return [{ ...finding, found: exam.session.say('doctor.source', { name, found: finding.found }) }]
  }
}

async function ask(
  { session: { clock, signal } }: Exam,
  source: Exclude<OrderSourceSettings, { kind: 'hl7' }>,
  { listener }: AgentSettings,
): ReturnType<PolledSource['ask']> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)])
  switch (source.kind) {
    case 'files':
      return await new FolderSource(source, clock).ask(limit)
    case 'http':
      return await new HttpSource(source, clock).ask(limit)
    case 'worklist':
      return await new WorklistSource({ ...source, tls: () => deviceTls(listener.tls), clock }).ask(limit)
  }
}
