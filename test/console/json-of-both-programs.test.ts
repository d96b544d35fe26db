import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ferryCenterProgram } from '../../src/console/program/ferry-center-program.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'
import { runCommand } from '../support/programs/run-command.ts'

const AGENT = [
  ['status'],
  ['queue'],
  ['devices'],
  ['study', 'STUDY'],
  ['quarantine'],
  ['doctor'],
  ['audit', 'list'],
  ['audit', 'verify'],
  ['history'],
  ['retry'],
]
const CENTER = [
  ['status'],
  ['agents'],
  ['studies'],
  ['held'],
  ['lost'],
  ['doctor'],
  ['audit', 'list'],
  ['audit', 'verify'],
  ['retry'],
  ['account', 'list'],
]
/** Names by which DICOM calls its UIDs; anything else that ends so would be a second name. */
const UIDS = /^(study|series|sop)InstanceUid$|^(sopClass|transferSyntax|transaction|implementationClass)Uid$/

/** Names of things and of how many there are; the version of a program and of a manifest; a state, and counts by state. */
const TWO_KINDS: ReadonlySet<string> = new Set(['studies', 'instances', 'lines', 'version', 'pacs'])

type Fields = Map<string, Set<string>>

/** Adds the name of each field, and the kinds of its values. */
function gather(value: unknown, fields: Fields): void {
  if (Array.isArray(value)) for (const one of value) gather(one, fields)
  else if (typeof value === 'object' && value !== null)
    for (const [name, one] of Object.entries(value)) {
      const kinds = fields.get(name) ?? new Set()
      if (one !== null) kinds.add(Array.isArray(one) ? 'list' : typeof one)
      fields.set(name, kinds)
      gather(one, fields)
    }
}

let clinic: Clinic
let answers: Record<'agent' | 'center', Map<string, unknown>>

async function answersOf(study: string, program: 'agent' | 'center'): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>()
  for (const args of program === 'agent' ? AGENT : CENTER) {
    const words = args.map((word) => (word === 'STUDY' ? study : word))
    const options = program === 'agent' ? {} : { program: ferryCenterProgram }
    const ask = async (): Promise<unknown> =>
      JSON.parse((await runCommand(clinic.folder, [...words, '--json'], options)).out)
    // The audit trail is written a moment later.
    found.set(args.join(' '), await until(ask, (answer) => !JSON.stringify(answer).includes('"lines":[]')))
  }
  return found
}

beforeAll(async () => {
  clinic = await openClinic()
  writeFileSync(join(clinic.folder, 'ferry.yaml'), 'dataFolder: agent\n')
  const center = `name: Center\npublicUrl: https://127.0.0.1:${clinic.center.port}\ndataFolder: center\n`
  writeFileSync(join(clinic.folder, 'center.yaml'), center)
  const instance = inventedInstance(1000)
  await sendInstances(clinic.agent.port, [instance])
  await allSettled(clinic)
  const { studyInstanceUid } = instance
  answers = {
    agent: await answersOf(studyInstanceUid, 'agent'),
    center: await answersOf(studyInstanceUid, 'center'),
  }
}, 60_000)

afterAll(async () => await clinic[Symbol.asyncDispose]())

function fieldsOf(values: Iterable<unknown>): Fields {
  const fields: Fields = new Map()
  for (const value of values) gather(value, fields)
  return fields
}

test('what both programs print by one command has one set of names', () => {
  for (const command of ['doctor', 'audit list', 'audit verify']) {
    const [agent, center] = [answers.agent, answers.center].map((of) =>
      Array.from(fieldsOf([of.get(command)]).keys()).toSorted(),
    )
    expect([command, agent]).toEqual([command, center])
  }
})

test('a name means a value of one kind in both programs', () => {
  const [agent, center] = [fieldsOf(answers.agent.values()), fieldsOf(answers.center.values())]
  const both = Array.from(agent.keys()).filter((name) => center.has(name))
  expect(both.length).toBeGreaterThan(30)
  const unlike = both.flatMap((name) => {
    const kinds = new Set([...(agent.get(name) ?? []), ...(center.get(name) ?? [])])
    return kinds.size > 1 && !TWO_KINDS.has(name) ? [`${name}: ${[...kinds].join(', ')}`] : []
  })
  expect(unlike).toEqual([])
})

test('UIDs have the names of DICOM, times end in At, and sizes and durations name their unit', () => {
  const all = fieldsOf([...answers.agent.values(), ...answers.center.values()])
  const wrong = Array.from(all.keys()).filter(
    (name) =>
      (/uid$/i.test(name) && !UIDS.test(name)) ||
      /(time|date|Time|Date)$/.test(name) ||
      /(size|Size|duration|Duration|seconds)$/.test(name),
  )
  expect(wrong).toEqual([])
})

test('ferry-center status --watch prints one document a line until it is stopped', async () => {
  const stop = new AbortController()
  let pauses = 0
  const clock = {
    ...systemClock,
    now: () => systemClock.now(),
    sleep: async () => {
      if (++pauses === 3) stop.abort()
    },
  }
  const { out } = await runCommand(clinic.folder, ['status', '--watch', '--json'], {
    program: ferryCenterProgram,
    signal: stop.signal,
    clock,
  })
  const lines = out.trim().split('\n')
  expect(lines).toHaveLength(3)
  expect(lines.map((line) => (JSON.parse(line) as { agents: unknown }).agents)).toEqual(
    Array.from({ length: 3 }, () => ({ pending: 0, approved: 1, revoked: 0 })),
  )
})
