import type { IncomingMessage } from 'node:http'
import { Failure, failureFrom } from '../../platform/failure.ts'
import { pageFilesSchema, pageImportSchema } from '../../protocol/page/page-api.ts'
import { parseJson } from '../../protocol/parse-json.ts'
import { accountText } from '../import/account-text.ts'
import { type Language, speak } from '../language/language.ts'
import { PIECE_BYTES } from './browser-files.ts'
import { failureText, type PageAnswer } from './page-answer.ts'
import type { PageImports } from './page-import.ts'
import type { PageSessions } from './page-sessions.ts'
import { requestBody } from './request-body.ts'

const LIST_LIMIT_BYTES = 1024 * 1024
const LISTED = 100
const READING = ['PROTOCOL_VIOLATION', 'reading what the page sent'] as const

/** The words of the panel that do not change with the state. */
const WORDS = {
  title: 'importPage.title',
  hint: 'importPage.hint',
  files: 'importPage.files',
  folder: 'importPage.folder',
  noSession: 'importPage.noSession',
} as const

/** Everything that the panel shows, in words of one language. Names of files are for the browser of a session only. */
export function importState(
  imports: PageImports,
  sessions: PageSessions,
  request: IncomingMessage,
  language: Language,
): object {
  const say = speak(language)
  const mayAct = sessions.isOpen(request)
  const words = Object.fromEntries(Object.entries(WORDS).map(([name, phrase]) => [name, say(phrase)]))
  if (!mayAct) return { words, mayAct, state: 'none', text: '', counts: [], lists: [] }
  const { state, total, account, failure } = imports.state
  const progress = say('import.progress', { done: account.files, total, safe: account.safe })
  const text = {
    none: '',
    running: progress,
    done: say('importPage.done'),
    stopped: say('importPage.stopped', {
      reason: failure === undefined ? '' : failureText(failure, language),
    }),
  }[state]
  return { words, mayAct, state, text, ...accountText(account, language, { limit: LISTED }) }
}

/** Does what the panel asks for; a failure is answered in words. `action`: the end of the path. */
export async function actInImport(
  imports: PageImports,
  sessions: PageSessions,
  request: IncomingMessage,
  { action, query, language }: { action: string; query: URLSearchParams; language: Language },
): Promise<PageAnswer> {
  const type = action === 'piece' ? 'application/octet-stream' : 'application/json'
  if (!sessions.mayAct(request, type))
    return { status: 403, body: { message: speak(language)('importPage.noSession') } }
  try {
    return { status: 200, body: await act(imports, request, action, query) }
  } catch (error) {
    const failure = failureFrom(error, 'INTERNAL', 'importing files')
    return { status: 400, body: { code: failure.code, message: failureText(failure, language) } }
  }
}

async function act(
  imports: PageImports,
  request: IncomingMessage,
  action: string,
  query: URLSearchParams,
): Promise<object> {
  switch (action) {
    case 'begin':
      await requestBody(request, LIST_LIMIT_BYTES)
      return { import: await imports.begin() }
    case 'list': {
      const body = parseJson(await listBody(request), pageFilesSchema, ...READING)
      imports.list(body.import, body.files)
      return {}
    }
    case 'start': {
      const body = parseJson(await listBody(request), pageImportSchema, ...READING)
      imports.start(body.import)
      return {}
    }
    case 'piece': {
      const bytes = await requestBody(request, PIECE_BYTES)
      // The words of a browser may contain the name of the file.
      const given = query.get('failed') === null ? bytes : new Error('the browser could not read it')
      return await imports.give(query.get('import') ?? '', Number(query.get('want')), given)
    }
    default:
      throw new Failure('PROTOCOL_VIOLATION', 'importing files: nothing has this name here')
  }
}

const listBody = async (request: IncomingMessage): Promise<string> =>
  (await requestBody(request, LIST_LIMIT_BYTES)).toString('utf8')
