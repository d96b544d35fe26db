import type { IncomingMessage } from 'node:http'
import type { AuditAction, AuditEvent } from '../../audit/audit-event.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import type { ControlService } from '../../protocol/control-service.ts'
import {
  pageAssignSchema,
  pageCallerSchema,
  pageDeviceSchema,
  pageNamesSchema,
  pageReleaseSchema,
  pageReleaseShape,
  pageSourceSchema,
  pageStudySchema,
} from '../../protocol/page/page-api.ts'
import { parseJson } from '../../protocol/parse-json.ts'
import { displayText } from '../session/shown-names.ts'
import { failureText, type PageAnswer } from './page-answer.ts'
import type { PageSessions } from './page-sessions.ts'
import { wholeOrders } from './page-views.ts'
import { requestBody } from './request-body.ts'
import type { SetupDesk } from './setup-desk.ts'
import type { PageWords } from './study-texts.ts'

const BODY_LIMIT_BYTES = 8192
const READING = ['PROTOCOL_VIOLATION', 'reading what the page sent'] as const

interface ActionSources {
  readonly service: ControlService
  readonly desk: SetupDesk | undefined
  readonly sessions: PageSessions
}

/** Does what a person asked for on the page; a failure is answered in words. `action`: the end of the path. */
export async function actOnPage(
  { service, desk, sessions }: ActionSources,
  request: IncomingMessage,
  action: string,
  words: PageWords,
): Promise<PageAnswer> {
  const osUser = sessions.mayAct(request) ? sessions.userOf(request) : undefined
  if (osUser === undefined) return { status: 403, body: { message: words.say('page.noSession') } }
  try {
    const body = (await requestBody(request, BODY_LIMIT_BYTES)).toString('utf8')
    const doIt = (): Promise<object> => act(service, desk, action, { body, osUser, words })
    const audited = AUDITED[action]
    const event = audited && { action: audited, user: osUser, ...about(body) }
    const done = event && desk ? await desk.service.audit.recorded(event, doIt) : await doIt()
    return { status: 200, body: done }
  } catch (error) {
    const failure = failureFrom(error, 'INTERNAL', 'acting on the page')
    return { status: 400, body: { code: failure.code, message: failureText(failure, words.language) } }
  }
}

/** Names, approvals and ignored callers are audited where they are done. */
const AUDITED: Readonly<Record<string, AuditAction>> = {
  retry: 'retried',
  release: 'released',
  assign: 'assigned',
  unignore: 'callerUnignored',
  forget: 'callerForgotten',
}

const aboutSchema = pageStudySchema
  .extend(pageReleaseShape)
  .extend(pageCallerSchema.partial().shape)
  .extend({ file: pageAssignSchema.shape.file.optional() })

/** The study, instance, file or caller that an action is about. */
function about(body: string): Pick<AuditEvent, 'studies' | 'subject'> {
  const {
    study,
    studyInstanceUid = study,
    ulid,
    file,
    aeTitle,
    address,
  } = parseJson(body, aboutSchema, ...READING)
  const caller = aeTitle === undefined ? undefined : `${aeTitle}@${address ?? '*'}`
  const subject = caller ?? ulid ?? file
  return {
    ...(studyInstanceUid !== undefined && { studies: [{ studyInstanceUid }] }),
    ...(subject !== undefined && { subject }),
  }
}

interface Asked {
  readonly body: string
  readonly osUser: string
  readonly words: PageWords
}

async function act(
  service: ControlService,
  desk: SetupDesk | undefined,
  action: string,
  asked: Asked,
): Promise<object> {
  const { body, osUser, words } = asked
  switch (action) {
    case 'retry':
      return service.retry(parseJson(body, pageStudySchema, ...READING).study)
    case 'release':
      return service.release(parseJson(body, pageReleaseSchema, ...READING))
    case 'assign': {
      const { file, order, facts } = parseJson(body, pageAssignSchema, ...READING)
      return service.assign({ file, order, facts })
    }
    case 'order-test':
      return service.orders.test(parseJson(body, pageSourceSchema, ...READING).source)
    case 'order-names': {
      const { reason } = parseJson(body, pageNamesSchema, ...READING)
      return wholeOrders(service, { osUser, reason }, words)
    }
    case 'names':
      return showNames(service, asked)
    case 'test-image':
      return service.testImage()
    default:
      return actOnDevice(service, desk, action, asked)
  }
}

async function actOnDevice(
  service: ControlService,
  desk: SetupDesk | undefined,
  action: string,
  { body, words }: Asked,
): Promise<object> {
  if (action === 'unignore' || action === 'forget') {
    const caller = parseJson(body, pageCallerSchema, ...READING)
    const { changed } = await (action === 'forget'
      ? service.forgetCaller(caller)
      : service.unignoreCaller(caller))
    return { changed }
  }
  if (desk !== undefined && (action === 'approve' || action === 'ignore')) {
    const { aeTitle, address, name } = parseJson(body, pageCallerSchema, ...READING)
    if (action === 'ignore') desk.ignore(aeTitle, address)
    else await desk.approve(aeTitle, address, name, words.language)
    return {}
  }
  if (desk !== undefined && action === 'echo')
    return desk.echo(parseJson(body, pageDeviceSchema, ...READING).name, words.language)
  throw new Failure('PROTOCOL_VIOLATION', 'acting on the page: nothing has this name here')
}

/** The names of one study, after it was recorded who wants to see them, and why. */
async function showNames(service: ControlService, { body, osUser, words }: Asked): Promise<object> {
  const { study, reason } = parseJson(body, pageNamesSchema, ...READING)
  if (study === undefined) throw new Failure('PROTOCOL_VIOLATION', 'showing names: no study is named')
  const { studies } = await service.showNames({ osUser, studyInstanceUid: study, limit: 1, reason })
  return { texts: displayText(studies[0]?.display ?? null, words.say) }
}
