import { Readable } from 'node:stream'
import type { Command } from 'commander'
import { Failure } from '../../platform/failure.ts'
import { ORDER_PATHS, type OrdersView, ordersSchema, orderTestSchema } from '../../protocol/orders-api.ts'
import { causesIn } from '../language/cause-text.ts'
import { isFailureCode } from '../language/failure-words.ts'
import { agentSettings } from '../session/config-file.ts'
import { ControlClient } from '../session/control-client.ts'
import { osUser } from '../session/os-user.ts'
import type { Session } from '../session/session.ts'
import { idText, modalityText, nameText } from '../session/shown-names.ts'
import { orderSourceText } from '../views/order-source-text.ts'
import { formatTable, printable } from '../views/text-table.ts'
import { configOption, type JsonOption, jsonOption, limitOption } from './options.ts'

interface OrdersOptions extends JsonOption {
  readonly limit: number
  readonly showNames?: true
  readonly reason?: string
}

export function addOrders(program: Command, session: Session): void {
  const { say } = session
  const client = (): ControlClient =>
    new ControlClient(agentSettings(session, configOption(program)).dataFolder)
  const orders = program
    .command('orders')
    .description(say('orders.about'))
    .addOption(jsonOption(session))
    .addOption(limitOption(session))
    .option('--show-names', say('orders.showNames'))
    .option('--reason <text>', say('audit.reason'))
    .action((options: OrdersOptions) => list(client(), session, options))
  orders
    .command('test')
    .description(say('orders.test.about'))
    .argument('<name>', say('orders.test.name'))
    .action((name: string) => test(client(), session, name, orders.opts<JsonOption>().json === true))
}

async function list(
  client: ControlClient,
  session: Session,
  { json, limit, showNames, reason }: OrdersOptions,
): Promise<void> {
  const who = new URLSearchParams({ user: osUser(session.terminal), limit: String(limit) })
  if (reason !== undefined) who.set('reason', reason)
  const answer = showNames
    ? await client.call(ordersSchema, 'POST', `${ORDER_PATHS.names}?${who.toString()}`)
    : await client.call(ordersSchema, 'GET', `${ORDER_PATHS.orders}?limit=${limit}`)
  if (json) session.terminal.print(answer.json)
  else for (const line of ordersText(answer.value, session)) session.terminal.print(line)
}

function ordersText(view: OrdersView, session: Session): string[] {
  const { sources, orders, count, displayNames } = view
  const { say, clock, language } = session
  if (sources.length === 0) return [say('orders.none')]
  const words = { say, language, causes: causesIn(language) }
  const now = clock.now()
  const isKept = displayNames === 'credential' || displayNames === 'local-key'
  const head = [
    ...sources.map((source) =>
      printable(`${source.name} (${kindText(source.kind, say)}): ${orderSourceText(source, now, words)}`),
    ),
    ...(isKept ? [] : [say('orders.memoryOnly')]),
    '',
  ]
  if (orders.length === 0) return [...head, say('orders.noOrders')]
  const rest = count - orders.length
  return [...head, ...ordersTable(view, session), ...(rest > 0 ? [say('orders.more', { count: rest })] : [])]
}

function ordersTable({ orders }: OrdersView, { say }: Session): string[] {
  const hasKeys = orders.some(({ key }) => key !== null)
  return formatTable(
    [
      { title: say('column.scheduled') },
      { title: say('column.station') },
      { title: say('column.modality') },
      { title: say('column.patient') },
      { title: say('column.patientId') },
      { title: say('column.accession') },
      { title: say('column.source') },
      ...(hasKeys ? [{ title: say('column.order') }] : []),
      { title: say('column.reason') },
    ],
    orders.map(({ key, scheduledAt, stationAeTitle, display, source, isUsable }) => [
      (scheduledAt ?? '').replace('T', ' '),
      stationAeTitle ?? '',
      modalityText(display),
      nameText(display, say),
      idText(display),
      display.accessionNumber?.text ?? '',
      source,
      ...(hasKeys ? [key ?? ''] : []),
      isUsable ? '' : say('orders.damaged'),
    ]),
  )
}

/** A newer agent may have other kinds. */
function kindText(kind: string, say: Session['say']): string {
  if (kind === 'files' || kind === 'http' || kind === 'worklist' || kind === 'hl7')
    return say(`orders.kind.${kind}`)
  return kind
}

async function test(client: ControlClient, session: Session, name: string, isJson: boolean): Promise<void> {
  const path = `${ORDER_PATHS.test}?${new URLSearchParams({ name }).toString()}`
  // A system may take a minute to answer, or not to.
  const answer = await client.send(orderTestSchema, path, Readable.from([]))
  const { source } = answer.value
  const { failure, lastSuccessAt } = source
  if (isJson) session.terminal.print(answer.json)
  // The cause and the cure are those of every failure.
  if (failure !== null)
    throw new Failure(isFailureCode(failure.code) ? failure.code : 'INTERNAL', `${name}: ${failure.message}`)
  if (isJson) return
  const { say } = session
  session.terminal.print(
    lastSuccessAt === null
      ? say('orders.test.waits', { name })
      : say('orders.test.well', { name, count: source.orders }),
  )
}
