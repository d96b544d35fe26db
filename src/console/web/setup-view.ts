import { shortFingerprint } from '../../protocol/signing-key.ts'
import { causesIn, withCause } from '../language/cause-text.ts'
import { wordsOfFailure } from '../language/failure-words.ts'
import { type Language, type Say, speak } from '../language/language.ts'
import { deviceProblemText } from '../views/device-problem-text.ts'
import type { SetupDesk } from './setup-desk.ts'

/** Callers that are shown; the latest ones. */
const SHOWN = 20

/** The words of the page that do not change with the state. */
const WORDS = {
  title: 'setupPage.title',
  status: 'setupPage.status',
  noSession: 'setupPage.noSession',
  noAnswer: 'page.noAnswer',
  joinTitle: 'setupPage.joinTitle',
  code: 'setupPage.code',
  siteName: 'setupPage.siteName',
  join: 'setupPage.join',
  deviceTitle: 'setupPage.deviceTitle',
  deviceHint: 'setupPage.deviceHint',
  callersTitle: 'setupPage.callersTitle',
  callersHint: 'setupPage.callersHint',
  deviceName: 'setupPage.deviceName',
  approve: 'setupPage.approve',
  ignore: 'setupPage.ignore',
  testTitle: 'setupPage.testTitle',
  send: 'setupPage.send',
} as const

/** Everything that the page of the first set-up shows, in words of one language. Holds no patient data. */
export function setupView(desk: SetupDesk, language: Language): object {
  const say = speak(language)
  const status = desk.service.status()
  const { listener, fingerprint, center } = status
  const words = Object.fromEntries(Object.entries(WORDS).map(([name, phrase]) => [name, say(phrase)]))
  const addresses = desk.addresses
  return {
    words,
    joining: {
      state: desk.joining.state,
      text: joiningText(desk, say, language, center.name ?? ''),
      fingerprint: shortFingerprint(fingerprint),
    },
    listener: [
      { label: say('setupPage.aeTitle'), text: listener.aeTitles.join(', ') },
      { label: say('setupPage.address'), text: addresses.join(', ') || say('setupPage.noAddress') },
      { label: say('setupPage.port'), text: String(listener.port) },
    ],
    callers: callers(desk, say, language),
    test: { state: desk.testImage, text: say(`setupPage.test.${desk.testImage}`) },
  }
}

function joiningText({ joining }: SetupDesk, say: Say, language: Language, center: string): string {
  if (joining.state !== 'failed') return say(`setupPage.joining.${joining.state}`, { center })
  const { code, message } = joining.failure
  const cause = causesIn(language)(message)
  const words = wordsOfFailure(code, language)
  return words === undefined ? cause : withCause(words.meaning, cause, language)
}

function callers({ service }: SetupDesk, say: Say, language: Language): object[] {
  const { devices } = service.devices()
  return devices
    .filter(
      ({ state, callingAeTitle }) => state !== 'ignored' && state !== 'unnamed' && callingAeTitle !== '',
    )
    .slice(0, SHOWN)
    .map((device) => ({
      aeTitle: device.callingAeTitle,
      address: device.peerAddress,
      name: device.name ?? '',
      state: device.lastSeenAt === null ? 'silent' : device.state,
      text: say(device.lastSeenAt === null ? 'setupPage.caller.silent' : `setupPage.caller.${device.state}`),
      problem: device.state === 'known' ? '' : deviceProblemText(device, say, language).what,
      canDecide: device.state === 'pending',
    }))
}
