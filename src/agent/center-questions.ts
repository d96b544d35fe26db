import type { z } from 'zod'
import {
  CENTER_PATHS,
  type HoldingsRequest,
  holdingsAnswerSchema,
  type ManifestAnswer,
  manifestAnswerSchema,
  type PacsChangesRequest,
  pacsChangesAnswerSchema,
  type ReceiptsRequest,
  receiptsAnswerSchema,
} from '../protocol/center-api.ts'
import type { ManifestInstance } from '../protocol/manifest.ts'
import type { Welcome } from './send/ask-agent.ts'
import type { CenterClient } from './send/center-client.ts'
import type { KeyRefresh } from './send/key-refresh.ts'
import type { PacsQuestions } from './settle/pacs-watch.ts'
import type { AuditQuestions } from './settle/receipt-audit.ts'
import type { HoldingsQuestions } from './settle/retention.ts'
import type { SettlementQuestions } from './settle/settlement.ts'

/** A receipt is somewhat longer than its manifest, which the center takes up to 16 MiB. */
const RECEIPT_LIMIT_BYTES = 32 * 1024 * 1024

/** Puts the questions of `settle/` to the center, each as one request. */
export class CenterQuestions
  implements SettlementQuestions, AuditQuestions, PacsQuestions, HoldingsQuestions
{
  readonly #client: CenterClient
  readonly #keyRefresh: KeyRefresh

  constructor(client: CenterClient, keyRefresh: KeyRefresh) {
    this.#client = client
    this.#keyRefresh = keyRefresh
  }

  postManifest(jws: string, studyInstanceUid: string, signal: AbortSignal): Promise<ManifestAnswer> {
    return this.#client.json(manifestAnswerSchema, {
      method: 'POST',
      path: CENTER_PATHS.manifests,
      headers: { 'content-type': 'application/jose' },
      body: jws,
      answerLimitBytes: RECEIPT_LIMIT_BYTES,
      content: "the study's list",
      subject: studyInstanceUid,
      signal,
    })
  }

  /** The answer brings the newest key list and the center's newest receipt. */
  askAgent(signal: AbortSignal): Promise<Welcome> {
    return this.#keyRefresh.ask(signal)
  }

  async askUnknown(asked: ReceiptsRequest, signal: AbortSignal): Promise<readonly string[]> {
    return (await this.#ask(receiptsAnswerSchema, CENTER_PATHS.receipts, asked, signal)).unknown
  }

  async askChanged(manifests: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const asked = { manifests: [...manifests] } satisfies PacsChangesRequest
    return (await this.#ask(pacsChangesAnswerSchema, CENTER_PATHS.pacsChanges, asked, signal)).changed
  }

  async askMissing(instances: readonly ManifestInstance[], signal: AbortSignal): Promise<readonly string[]> {
    const asked = { instances: [...instances] } satisfies HoldingsRequest
    return (await this.#ask(holdingsAnswerSchema, CENTER_PATHS.holdings, asked, signal)).missing
  }

  #ask<Schema extends z.ZodType>(
    schema: Schema,
    path: string,
    asked: object,
    signal: AbortSignal,
  ): Promise<z.infer<Schema>> {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify(asked)
    const content = 'the question'
    return this.#client.json(schema, { method: 'POST', path, headers, body, content, subject: path, signal })
  }
}
