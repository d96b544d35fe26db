import type { Database } from '../../../platform/sqlite.ts'
import type { ReceiptLink } from '../../../protocol/center-api.ts'

/** A receipt with the digest of the one before it to the same agent. */
export interface ChainedReceipt extends ReceiptLink {
  readonly previous: string | null
}

/**
 * The ends of the center's chain of receipts that the agent knows. Each receipt names the previous one, so a center
 * that still has an end has all receipts before it; a center that lacks it went back in time. An end is dropped only
 * for a receipt that follows it, or after all receipts were compared.
 */
export class ReceiptChain {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  ends(destination: string): ReceiptLink[] {
    const sql = 'SELECT counter, digest FROM receipt_end WHERE destination = ? ORDER BY counter DESC'
    return this.#database.all<ReceiptLink>(sql, destination)
  }

  /**
   * Replaces the links in `compared`, all of which the center has, by the center's own newest receipt. Links that were
   * added since are kept.
   */
  adopt(destination: string, compared: readonly ReceiptLink[], newest: ReceiptLink | null): void {
    if (compared.length === 1 && compared[0]?.digest === newest?.digest) return
    this.#database.durably(() => {
      for (const { digest } of compared) this.#database.run(DROP, destination, digest)
      if (newest !== null) this.#database.run(ADD, destination, newest.digest, newest.counter)
    })
  }
}

/**
 * Adds a verified receipt, inside the caller's durable transaction. Returns false if it follows no known end, so that
 * the center must be asked before anything is removed.
 */
export function addReceipt(database: Database, destination: string, receipt: ChainedReceipt): boolean {
  const { counter, digest, previous } = receipt
  if (database.get('SELECT 1 FROM receipt_end WHERE destination = ? AND digest = ?', destination, digest)) {
    return true
  }
  const follows = previous === null ? isFirst(database, destination) : dropEnd(database, destination, receipt)
  database.run(ADD, destination, digest, counter)
  return follows
}

function isFirst(database: Database, destination: string): boolean {
  return database.get('SELECT 1 FROM receipt_end WHERE destination = ?', destination) === undefined
}

function dropEnd(database: Database, destination: string, { counter, previous }: ChainedReceipt): boolean {
  return database.run(`${DROP} AND counter = ?`, destination, previous, counter - 1) > 0
}

const DROP = 'DELETE FROM receipt_end WHERE destination = ? AND digest = ?'
const ADD = 'INSERT OR IGNORE INTO receipt_end (destination, digest, counter) VALUES (?, ?, ?)'
