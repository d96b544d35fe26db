import { aeTitleFault } from '../../config/setting/ae-title-fault.ts'
import type { DeviceView } from '../../protocol/control-api.ts'
import { type CauseWords, causesIn } from '../language/cause-text.ts'
import type { Phrase } from '../language/en/phrases-en.ts'
import { wordsOfFailure } from '../language/failure-words.ts'
import { type Language, PHRASES, type Say } from '../language/language.ts'
import { deviceCommand } from './caller-word.ts'

interface ProblemWords {
  readonly what: string
  readonly todo: string
}

type Troubled = Pick<DeviceView, 'problem' | 'state' | 'callingAeTitle' | 'peerAddress' | 'calledAeTitle'>

/** Returns the last problem of a device and the cure; for a kind that only a newer agent knows, its detail. */
export function deviceProblemText(
  device: Troubled,
  say: Say,
  language: Language,
  causes: CauseWords = causesIn(language),
): ProblemWords {
  const { problem, callingAeTitle, peerAddress, calledAeTitle } = device
  if (problem === null) return { what: '', todo: '' }
  const { kind, detail } = problem
  const words = kind === 'instance' ? wordsOfFailure(detail, language) : undefined
  const values = {
    aeTitle: callingAeTitle,
    address: peerAddress ?? '',
    called: calledAeTitle ?? '',
    detail: words?.meaning ?? causes(detail),
    approve: approveCommand(device),
    ignore: ignoreCommand(device),
  }
  const [what, todo] = [phraseOf(`device.problem.${kind}`), phraseOf(`device.todo.${kind}`)]
  return {
    what: what === undefined ? causes(detail) : say(what, values),
    todo:
      unfitText(device, say) ??
      words?.todo ??
      (todo === undefined ? '' : say(todo, values) + orIgnore(device, say)),
  }
}

/** Returns the command that accepts the device from its present address. */
function approveCommand({ callingAeTitle: aeTitle, peerAddress }: Troubled): string {
  const isAddress = peerAddress !== null && /^[0-9a-fA-F.:]+$/.test(peerAddress)
  return deviceCommand(
    'approve',
    { aeTitle, address: undefined },
    isAddress ? `--address ${peerAddress}` : '',
  )
}

const ignoreCommand = ({ callingAeTitle: aeTitle, peerAddress }: Troubled): string =>
  deviceCommand('ignore', { aeTitle, address: peerAddress ?? undefined })

/** Describes a device that waits for a decision under an AE title that cannot be accepted. */
function unfitText(device: Troubled, say: Say): string | undefined {
  const { state, callingAeTitle, problem } = device
  const fault = aeTitleFault(callingAeTitle)
  const isBlank = state === 'unnamed' && problem?.kind === 'unknown'
  if (fault === undefined || (state !== 'pending' && !isBlank)) return undefined
  return say('device.todo.unfit', { fault: say(`aeTitle.${fault}`), ignore: ignoreCommand(device) })
}

/** The phrases of these kinds say it themselves. */
const SAYS_IGNORE: ReadonlySet<string> = new Set(['unknown'])

function orIgnore(device: Troubled, say: Say): string {
  const { state, problem } = device
  const isStranger = state === 'pending' || state === 'unnamed'
  if (!isStranger || problem === null || SAYS_IGNORE.has(problem.kind)) return ''
  return say('device.todo.orIgnore', { ignore: ignoreCommand(device) })
}

function phraseOf(text: string): Phrase | undefined {
  return isPhrase(text) ? text : undefined
}

const isPhrase = (text: string): text is Phrase => Object.hasOwn(PHRASES.en, text)
