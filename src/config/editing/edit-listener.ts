import { isDeepStrictEqual } from 'node:util'
import { parseDocument } from 'yaml'
import { replaceDurably } from '../../platform/durable-file.ts'
import { Failure } from '../../platform/failure.ts'
import { loadAgentSettings } from '../agent-settings.ts'
import type { Language } from '../yaml/problem-words.ts'
import { readText } from '../yaml/read-text.ts'
import { childAt, parseYaml } from '../yaml/yaml-values.ts'
import { quoted } from './example-file.ts'

/** The AE title and port at which devices reach the agent. */
interface ListenerChoice {
  readonly aeTitle?: string | undefined
  readonly port?: number | undefined
}

/**
 * Writes the first AE title and the port into the agent's file; comments and all other values stay. Returns true if the
 * file has changed. Throws CONFIG_INVALID if the old or the new file has problems, or was changed meanwhile.
 */
export async function editListener(
  path: string,
  choice: ListenerChoice,
  language: Language,
): Promise<boolean> {
  const { listener } = loadAgentSettings(path, language)
  const aeTitle = choice.aeTitle === listener.aeTitles[0] ? undefined : choice.aeTitle
  const port = choice.port === listener.port ? undefined : choice.port
  if (aeTitle === undefined && port === undefined) return false
  const { text: before } = readText(path)
  const document = parseDocument(before)
  if (aeTitle !== undefined) {
    if (document.hasIn(['listener', 'aeTitles'])) document.setIn(['listener', 'aeTitles', 0], quoted(aeTitle))
    else document.setIn(['listener', 'aeTitles'], document.createNode([aeTitle]))
  }
  if (port !== undefined) document.setIn(['listener', 'port'], port)
  const after = document.toString({ lineWidth: 0 })
  checkOthersStay(before, after)
  await replaceDurably(path, after, (draft) => {
    loadAgentSettings(draft, language)
    if (readText(path).text !== before)
      throw new Failure('CONFIG_INVALID', `changing ${path}: it was changed at the same moment: try again`)
  })
  return true
}

function checkOthersStay(before: string, after: string): void {
  if (!isDeepStrictEqual(withoutListener(before), withoutListener(after)))
    throw new Failure(
      'CONFIG_INVALID',
      'changing the listener: the file is written in a way that only a person can change: edit it by hand',
    )
}

function withoutListener(text: string): object {
  const { values } = parseYaml(text)
  const listener = { ...Object(childAt(values, 'listener')), aeTitles: undefined, port: undefined }
  return { ...Object(values), listener }
}
