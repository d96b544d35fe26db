import type { IncomingMessage, ServerResponse } from 'node:http'
import { Failure, failureFrom } from '../../platform/failure.ts'
import type { RequestTarget } from '../../platform/http/request-target.ts'
import { pageCallerSchema, pageJoinSchema } from '../../protocol/page/page-api.ts'
import { parseJson } from '../../protocol/parse-json.ts'
import { type Language, speak } from '../language/language.ts'
import { failureText, type PageAnswer } from './page-answer.ts'
import type { PageSessions } from './page-sessions.ts'
import { requestBody } from './request-body.ts'
import type { SetupDesk } from './setup-desk.ts'
import { setupView } from './setup-view.ts'

const BODY_LIMIT_BYTES = 4096
const READING = ['PROTOCOL_VIOLATION', 'reading what the page sent'] as const

/** The state of the set-up in words of one language, and whether the browser may change it. */
export function setupState(
  desk: SetupDesk,
  sessions: PageSessions,
  request: IncomingMessage,
  language: Language,
): object {
  return { ...setupView(desk, language), mayAct: sessions.isOpen(request) }
}

/** Does what a person asked for on the page; a failure is answered in words. `action`: the end of the path. */
export async function actInSetup(
  desk: SetupDesk,
  sessions: PageSessions,
  request: IncomingMessage,
  { action, language }: { readonly action: string; readonly language: Language },
): Promise<PageAnswer> {
  if (!sessions.mayAct(request))
    return { status: 403, body: { message: speak(language)('setupPage.noSession') } }
  try {
    const body = await requestBody(request, BODY_LIMIT_BYTES)
    await act(desk, action, body.toString('utf8'), language)
    return { status: 200, body: {} }
  } catch (error) {
    const failure = failureFrom(error, 'INTERNAL', 'acting on the page of the set-up')
    return { status: 400, body: { code: failure.code, message: failureText(failure, language) } }
  }
}

async function act(desk: SetupDesk, action: string, body: string, language: Language): Promise<void> {
  switch (action) {
    case 'join': {
      const { code, name } = parseJson(body, pageJoinSchema, ...READING)
      return desk.join(code, name)
    }
    case 'approve': {
      const { aeTitle, address, name } = parseJson(body, pageCallerSchema, ...READING)
      return desk.approve(aeTitle, address, name, language)
    }
    case 'ignore': {
      const { aeTitle, address } = parseJson(body, pageCallerSchema, ...READING)
      return desk.ignore(aeTitle, address)
    }
    case 'test-image':
      return desk.sendTestImage()
    default:
      throw new Failure('PROTOCOL_VIOLATION', 'acting on the page of the set-up: nothing has this name here')
  }
}

/**
 * Spends the link of `ferry open` and leads to the page; a used one leads there too, without the right to act. The secret
 * is in the fragment of the address: a browser sends it to no server, and the page keeps it for its own origin.
 */
export function openByLink(
  sessions: PageSessions,
  isJoined: boolean,
  {
    request,
    response,
    target,
  }: { request: IncomingMessage; response: ServerResponse; target: RequestTarget },
  headers: Readonly<Record<string, string>>,
): void {
  const lang = target.query.get('lang')
  const page = `${isJoined ? '/' : '/setup'}${lang === null ? '' : `?lang=${lang === 'en' ? 'en' : 'zh'}`}`
  const session = sessions.enter(request, target.query.get('link') ?? '')
  const answer =
    session === undefined
      ? { location: page }
      : { location: `${page}#${session.secret}`, 'set-cookie': session.cookie }
  response.writeHead(303, { ...headers, ...answer }).end()
}
