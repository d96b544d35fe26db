import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from '@jest/globals'
import { decideHandOn } from '../../src/center/hand-on/hand-on-decision.ts'
import { readStowAnswer, type StowAnswer } from '../../src/dicomweb/stow-answer.ts'
import { StowClient } from '../../src/dicomweb/stow-client.ts'
import { systemClock } from '../../src/platform/clock.ts'
import {
  PATIENT,
  SECRET,
  type StowAnswerCase,
  stowAnswerCount,
  stowAnswers,
} from '../support/peers/stow-answer-kinds.ts'

const SEED = Number(process.env['FERRY_KIND_SEED'] ?? 1)
const COUNT = stowAnswerCount(30_000)

test(`each of ${COUNT} answers is sorted, none accepts or refuses an instance that the PACS did not speak of`, () => {
  const faults: string[] = []
  const kinds = new Map<string, number>()
  for (const one of stowAnswers(SEED, COUNT)) {
    const answer = readStowAnswer(one.response, one.asked)
    kinds.set(answer.kind, (kinds.get(answer.kind) ?? 0) + 1)
    faults.push(...faultsOf(one, answer).map((fault) => `${one.name}: ${fault}`))
  }
  expect(faults.slice(0, 20)).toEqual([])
  for (const kind of ['answered', 'unclear', 'unavailable'])
    expect(kinds.get(kind) ?? 0).toBeGreaterThan(COUNT / 50)
})

test('control: the same check finds an answer that accepts what the PACS did not speak of', () => {
  const [one] = [...stowAnswers(SEED, 5000)].filter(({ response }) => response.status === 302)
  if (one === undefined) throw new Error('no redirect among the cases')
  const lie = new Map(one.asked.map((uid) => [uid, { kind: 'stored', warning: undefined } as const]))
  expect(faultsOf(one, { kind: 'answered', outcomes: lie })).not.toEqual([])
})

test('answers over a real connection are sorted as the same answers by themselves', async () => {
  const count = Math.ceil(COUNT / 100)
  const queue = [...stowAnswers(SEED + 1, count)].filter(({ response }) => response.status !== 205)
  let current: StowAnswerCase | undefined
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      if (current === undefined) return response.destroy()
      const { status, contentType, location, retryAfterMs, body } = current.response
      response.writeHead(status, {
        ...(contentType === '' ? {} : { 'content-type': contentType }),
        ...(location === undefined ? {} : { location: `${location}?${SECRET}` }),
        ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
      })
      return status === 204 || status === 304 ? response.end() : response.end(body)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await using client = await StowClient.open({ url, timeoutMs: 10_000 }, systemClock)
  for (const one of queue) {
    current = one
    const instances = one.asked.map((sopInstanceUid) => ({
      sopInstanceUid,
      bytes: 1,
      async *content() {
        yield Buffer.from('x')
      },
    }))
    const answer = await client.store(instances, new AbortController().signal)
    const bodiless = one.response.status === 204 || one.response.status === 304
    const response = bodiless ? { ...one.response, body: '' } : one.response
    expect([one.name, answer.kind]).toEqual([one.name, readStowAnswer(response, one.asked).kind])
    expect(bodiless ? [] : faultsOf(one, answer).map((fault) => `${one.name}: ${fault}`)).toEqual([])
  }
  server.close()
})

function faultsOf(one: StowAnswerCase, answer: StowAnswer): string[] {
  const { status, location } = one.response
  const faults: string[] = []
  const isForAll = status >= 300 && status < 400
  if (answer.kind !== 'answered') {
    const { message } = answer.failure
    if (!message.includes(`answered ${status}`)) faults.push(`the status is not in "${message}"`)
    if (location !== undefined && !message.includes(location)) faults.push(`no address in "${message}"`)
    if (message.includes(PATIENT) || message.includes(SECRET)) faults.push(`a secret in "${message}"`)
    if (isForAll && answer.kind !== 'unavailable')
      faults.push('a redirect that may count against an instance')
    return faults
  }
  if (isForAll) faults.push('a redirect that speaks of instances')
  for (const [uid, outcome] of answer.outcomes) {
    if (!one.asked.includes(uid)) faults.push(`${uid} was not asked about`)
    const mayBeStored =
      status < 300 && (one.stored.has(uid) || ((status === 200 || status === 201) && one.isSilent))
    if (outcome.kind === 'stored' && !mayBeStored) faults.push(`${uid} counts as stored`)
    // A module that lists nothing says no to the only instance of the request.
    const isRefused =
      one.failed.has(uid) || (status >= 400 && one.asked.length === 1 && one.isModule && one.isSilent)
    if (outcome.kind === 'failed' && !isRefused) faults.push(`${uid} counts as failed`)
    if (outcome.kind === 'failed' && outcome.reason !== one.failed.get(uid))
      faults.push(`${uid} has another reason`)
    for (const attempts of [0, 1, 2, 5, 10, 100]) {
      const decision = decideHandOn(outcome, attempts)
      if (decision.kind === 'refused' && !isRefused) faults.push(`${uid} is refused`)
      if (decision.kind === 'accepted' && !mayBeStored) faults.push(`${uid} is accepted`)
      if (JSON.stringify(decision).includes(PATIENT)) faults.push('a patient in a reason')
    }
  }
  for (const uid of one.failed.keys())
    if (status < 300 && one.isModule && answer.outcomes.get(uid)?.kind !== 'failed')
      faults.push(`the failure of ${uid} is not seen`)
  return faults
}
