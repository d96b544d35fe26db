import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type Account, closeAccount, SentVersions, type StoredVersion, VersionSet } from '../soak/account.ts'
import { centerContents } from '../soak/center-contents.ts'
import { judgeFlat, type Sample } from '../soak/process-watch.ts'
import { isStood, runSoak } from '../soak/soak-run.ts'
import { tempFolder } from '../support/temp-folder.ts'

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

/** One of three instances that were sent, acknowledged, stored and confirmed. */
const version = (number: number): StoredVersion => {
  const dataSetSha256 = digest(`data set ${number}`)
  const sopInstanceUid = `1.2.3.${number}`
  return { sopInstanceUid, dataSetSha256, file: `${sopInstanceUid}.dcm`, fileSha256: dataSetSha256 }
}
const ALL = [1, 2, 3].map(version)

/** The account of {@link ALL}, where something went wrong between the devices and the end. */
function accountOf(wrong: {
  sent?: readonly StoredVersion[]
  acknowledged?: readonly StoredVersion[]
  stored?: readonly StoredVersion[]
  confirmed?: readonly StoredVersion[]
}): Account {
  const sent = new SentVersions()
  for (const one of wrong.sent ?? ALL) sent.sent(one)
  for (const one of wrong.acknowledged ?? ALL) sent.acknowledged(one)
  const confirmed = new VersionSet()
  for (const one of wrong.confirmed ?? ALL) confirmed.add(one)
  return closeAccount(sent, wrong.stored ?? ALL, confirmed)
}

const found = ({ inequalities }: Account): string[] =>
  inequalities.map(({ what, sopInstanceUid }) => `${what} ${sopInstanceUid}`)

/** Flips one bit of the last byte. */
function damage(path: string): void {
  const bytes = readFileSync(path)
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
  writeFileSync(path, bytes)
}

describe('the account of a soak', () => {
  const others = [version(1), version(2)]

  test('the account is equal if every acknowledged instance is stored once and confirmed', () => {
    expect(accountOf({})).toMatchObject({
      sent: 3,
      acknowledged: 3,
      stored: 3,
      confirmed: 3,
      inequalities: [],
    })
  })

  test('the account names an instance that was lost', () => {
    expect(found(accountOf({ stored: others, confirmed: others }))).toEqual([
      'lost 1.2.3.3',
      'unconfirmed 1.2.3.3',
    ])
  })

  test('the account names an instance that was confirmed and is lost', () => {
    expect(found(accountOf({ stored: others }))).toEqual(['lost 1.2.3.3', 'falsely confirmed 1.2.3.3'])
  })

  test('the account names an instance that is stored twice', () => {
    expect(found(accountOf({ stored: [...ALL, version(2)] }))).toEqual(['doubled 1.2.3.2'])
  })

  test('the account names an instance whose file has other bytes than the register says', () => {
    const flipped = { ...version(3), fileSha256: digest('flipped') }
    expect(found(accountOf({ stored: [...others, flipped] }))).toContain('wrong bytes 1.2.3.3')
  })

  test('the account names an instance whose file is gone', () => {
    const gone = { ...version(3), fileSha256: undefined }
    expect(found(accountOf({ stored: [...others, gone] }))).toContain('wrong bytes 1.2.3.3')
  })

  test('the account names an instance that was stored and registered with bytes that were never sent', () => {
    const other = { ...version(4), sopInstanceUid: version(3).sopInstanceUid }
    expect(found(accountOf({ stored: [...ALL, other] }))).toEqual(['wrong bytes 1.2.3.3'])
  })

  test('the account names an instance that no device sent', () => {
    expect(found(accountOf({ stored: [...ALL, version(4)] }))).toEqual(['never sent 1.2.3.4'])
  })

  test('the account names an instance that is not confirmed', () => {
    expect(found(accountOf({ confirmed: others }))).toEqual(['unconfirmed 1.2.3.3'])
  })

  test('the account lists instances sent without an answer, and asks only that stored ones are confirmed', () => {
    const account = accountOf({ sent: [...ALL, version(4)], acknowledged: others })
    expect(account).toMatchObject({ sent: 4, acknowledged: 2, stored: 3, inequalities: [] })
    expect(account.sentOnly.stored).toEqual([`1.2.3.3 ${version(3).dataSetSha256}`])
    expect(account.sentOnly.notStored).toEqual([`1.2.3.4 ${version(4).dataSetSha256}`])
    expect(found(accountOf({ acknowledged: others, confirmed: others }))).toEqual(['unconfirmed 1.2.3.3'])
  })
})

/** Half an hour, a sample each 10 s, with some noise. */
function life(change: (minutes: number) => Partial<Sample>, pid = 7): Sample[] {
  return Array.from({ length: 180 }, (_, i) => {
    const noise = ((i * 7919) % 10) * 1024 * 1024
    return { pid, atMs: i * 10_000, residentBytes: 150e6 + noise, descriptors: 60, ...change(i / 6) }
  })
}

describe('memory and descriptors over a soak', () => {
  test('memory and descriptors that only go up and down are flat', () => {
    expect(judgeFlat(life(() => ({})))).toMatchObject({ isFlat: true, lifeMs: 1_790_000 })
  })

  test('memory may grow while the process warms up', () => {
    const warming = life((minutes) => ({ residentBytes: minutes < 5 ? 80e6 + minutes * 20e6 : 180e6 }))
    expect(judgeFlat(warming).isFlat).toBe(true)
  })

  test('memory that leaks is not flat', () => {
    expect(judgeFlat(life((minutes) => ({ residentBytes: 150e6 + minutes * 3e6 }))).isFlat).toBe(false)
  })

  test('descriptors that leak are not flat', () => {
    expect(judgeFlat(life((minutes) => ({ descriptors: 60 + Math.floor(minutes) }))).isFlat).toBe(false)
  })

  test('memory is judged over the longest life, and not at all if every life was short', () => {
    const short = life(() => ({ residentBytes: 1 }), 8).slice(0, 5)
    expect(judgeFlat([...short, ...life(() => ({}))])).toMatchObject({ samples: 180, isFlat: true })
    expect(judgeFlat(short).isFlat).toBeUndefined()
  })
})

const isPossible = process.platform === 'linux'
const group = isPossible ? describe : describe.skip

group(isPossible ? 'a short soak' : 'a short soak, for which there is no /proc here', () => {
  test('all accounts are equal after the agent was killed and the line cut, and later damage is named', async () => {
    using folder = tempFolder()
    const said: string[] = []
    const report = await runSoak({
      seed: 'short',
      folder: folder.path,
      durationMs: 12_000,
      devices: 4,
      instancesPerSecond: 15,
      faultEveryMs: 2_500,
      longestFaultMs: 1_000,
      faultNames: ['agent killed', 'line cut in the middle'],
      retentionMs: 2_000,
      settleMs: 60_000,
      sampleEveryMs: 1_000,
      sayEveryMs: 5_000,
      say: (line) => said.push(line),
    })
    expect(report).toMatchObject({ complaints: [], account: { inequalities: [] } })
    expect(isStood(report)).toBe(true)
    expect(report.faults['agent killed']).toBeGreaterThan(0)
    expect(report.faults['line cut in the middle']).toBeGreaterThan(0)
    expect(report.account.acknowledged).toBeGreaterThan(50)
    expect(report.agent.starts).toBeGreaterThan(1)
    expect(report.agent.samples).toBeGreaterThan(3)
    expect(said).toContain('the faults have ended')

    const centerFolder = join(folder.path, 'center')
    const before = (await centerContents(centerFolder)).stored
    expect(before).toHaveLength(report.account.stored)
    const [flipped, gone] = before
    damage(join(centerFolder, 'instances', flipped?.file ?? ''))
    rmSync(join(centerFolder, 'instances', gone?.file ?? ''))
    const { stored } = await centerContents(centerFolder)
    const account = accountOf({ sent: before, acknowledged: before, confirmed: before, stored })
    expect(found(account).filter((words) => !words.startsWith('falsely confirmed'))).toEqual([
      `wrong bytes ${flipped?.sopInstanceUid}`,
      `wrong bytes ${gone?.sopInstanceUid}`,
      `lost ${flipped?.sopInstanceUid}`,
      `lost ${gone?.sopInstanceUid}`,
    ])
  }, 120_000)
})
