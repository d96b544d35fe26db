import type { Nagle } from '../nagle.ts'

/** Instances that have arrived at a receiver, and the bytes of their data sets. */
export interface Holding {
  readonly instances: number
  readonly dataSetBytes: number
}

/** A C-STORE SCP that runs in a process of its own and has begun to listen. */
export interface Receiver extends AsyncDisposable {
  readonly pid: number
  readonly host: string
  readonly port: number
  readonly aeTitle: string
  /** Looked up where the receiver keeps things, not from what it says it has done. */
  holds(): Promise<Holding>
}

/** A kind of receiver that is measured. */
export interface ReceiverKind {
  readonly name: string
  /** The meaning of its Success. */
  readonly promises: string
  /** The program that must be there; undefined = nothing but Node. */
  readonly program?: string
  start(folder: string, nagle: Nagle): Promise<Receiver>
}

export const HOST = '127.0.0.1'
