import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { until } from '../../support/clocks/until.ts'
import type { Container } from './container.ts'
import type { Acknowledged } from './sending-device.ts'

const CENTER_URL = 'https://127.0.0.1:8443'
/** Root's own folder, which the service's user cannot enter. */
const RECOVERY_KEY = '/root/recovery-key.txt'
const QUIET = '5s'
const STARTED_MS = 180_000
const CONFIRMED_MS = 300_000

const count = z.number()
const deliveriesSchema = z.object({
  queued: count,
  sending: count,
  delivered: count,
  confirmed: count,
  held: count,
})
const statusSchema = z.object({ fingerprint: z.string(), deliveries: deliveriesSchema })
const agentsSchema = z.object({ agents: z.array(z.object({ fingerprint: z.string(), state: z.string() })) })

type Status = z.infer<typeof statusSchema>

/** The agent and the center of the packages, installed in one container, and worked by their commands. */
export class InstalledPair {
  readonly #container: Container

  constructor(container: Container) {
    this.#container = container
  }

  /** Sets both up and joins the agent to the center. Resolves with the agent's fingerprint. */
  async setUp(): Promise<string> {
    const { must } = this.#bound()
    const joinCode = await this.openCenter()
    const clinic = ['--yes', '--no-test', '--name', 'Test clinic', '--device', 'CT room 1=CT1']
    const joining = must('ferry', 'setup', ...clinic, '--join-code', joinCode)
    const { fingerprint } = await until(
      async () => parse(await must('ferry-center', 'agents', '--json'), agentsSchema).agents[0],
      (agent) => agent !== undefined,
    ).then((agent) => agent ?? { fingerprint: '' })
    await must('ferry-center', 'approve', fingerprint)
    await joining
    // A study counts as complete after this time without an instance.
    await must('sed', '--in-place', `s/^  quiet: .*/  quiet: ${QUIET}/`, '/etc/ferry/ferry.yaml')
    await this.#makeDisplayKey()
    await must('systemctl', 'restart', 'ferry')
    return fingerprint
  }

  /** Makes and starts the center. Resolves with a join code for the clinic. */
  async openCenter(): Promise<string> {
    const { must } = this.#bound()
    const center = ['--name', 'Test center', '--public-url', CENTER_URL, '--recovery-key', RECOVERY_KEY]
    await must('ferry-center', 'init', ...center)
    await must('systemctl', 'start', 'ferry-center')
    const invited = await must('ferry-center', 'invite', 'Test clinic', '--json')
    return parse(invited, inviteSchema).joinCode
  }

  /** Owner and mode of the file of the recovery key, such as `root 600`. */
  async recoveryKeyRights(): Promise<string> {
    return (await this.#container.must('stat', '--format=%U %a', RECOVERY_KEY)).trim()
  }

  /** Encrypts a key to this machine as the manual says, except that a container has no TPM. */
  async #makeDisplayKey(): Promise<void> {
    const to = '/etc/credstore.encrypted'
    const encrypt = `systemd-creds encrypt --with-key=host --name=ferry-display-key - ${to}/ferry-display-key`
    await this.#container.must('sh', '-ec', `mkdir -p -m 0700 ${to}; head -c 32 /dev/urandom | ${encrypt}`)
  }

  /** Returns where each start of the agent found the key of the patients' names. */
  async displayKeys(): Promise<string[]> {
    const log = await this.#container.must('journalctl', '--unit=ferry', '--output=cat')
    return [...log.matchAll(/"displayNames":"([^"]*)"/g)].map(([, state = '']) => state)
  }

  /** Resolves when the service is active, and was started another time than by `exceptPid`. Returns its process. */
  async untilActive(unit: string, exceptPid = '0'): Promise<string> {
    const look = async (): Promise<string> => {
      const state = await this.#container.property(unit, 'ActiveState')
      return state === 'active' ? this.#container.property(unit, 'MainPID') : '0'
    }
    return until(look, (pid) => pid !== '0' && pid !== exceptPid, STARTED_MS)
  }

  async status(): Promise<Status> {
    const { text } = await this.#container.run('ferry', 'status', '--json')
    return parse(text, statusSchema)
  }

  /** Resolves when the center has confirmed this number of instances and no other one is on its way. */
  async untilConfirmed(instances: number): Promise<Status> {
    return until(
      () => this.status(),
      ({ deliveries: { confirmed, queued, sending, delivered } }) =>
        confirmed >= instances && queued + sending + delivered === 0,
      CONFIRMED_MS,
    )
  }

  /** UIDs of acknowledged instances that the center does not store with the same bytes. */
  absentFromCenter(acknowledged: readonly Acknowledged[]): string[] {
    return acknowledged
      .filter((instance) => {
        const path = this.#storedAt(instance)
        const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined
        return !(isThere && endsWith(readFileSync(path), instance.dataSet))
      })
      .map(({ sopInstanceUid }) => sopInstanceUid)
  }

  /** Deletes a stored instance: the negative control of {@link absentFromCenter}. */
  deleteAtCenter(instance: Acknowledged): void {
    rmSync(this.#storedAt(instance))
  }

  /** Changes the last byte of a stored instance, as {@link deleteAtCenter} for another fault. */
  changeAtCenter(instance: Acknowledged): void {
    const path = this.#storedAt(instance)
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1))
  }

  #storedAt({ studyInstanceUid, seriesInstanceUid, sopInstanceUid }: Acknowledged): string {
    const stored = join(this.#container.root, 'var/lib/ferry-center/instances')
    return join(stored, studyInstanceUid, seriesInstanceUid, `${sopInstanceUid}.dcm`)
  }

  /** Returns the agent's keys, which must stay the same. */
  keyFiles(): string {
    const keys = join(this.#container.root, 'var/lib/ferry/keys')
    return readdirSync(keys)
      .toSorted()
      .map((name) => `${name} ${readFileSync(join(keys, name)).toString('base64')}`)
      .join('\n')
  }

  #bound() {
    const container = this.#container
    return { must: (command: string, ...args: string[]) => container.must(command, ...args) }
  }
}

const inviteSchema = z.object({ joinCode: z.string() })

/** The JSON of a command is its only line that is an object. */
function parse<Schema extends z.ZodType>(text: string, schema: Schema): z.infer<Schema> {
  const line = text.split('\n').find((one) => one.startsWith('{')) ?? text
  return schema.parse(JSON.parse(line))
}

const endsWith = (file: Buffer, end: Buffer): boolean => file.subarray(-end.length).equals(end)
