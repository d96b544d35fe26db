import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Document, parseDocument, Scalar } from 'yaml'
import { withDevice } from './device-lines.ts'

/** The port of an https URL that names none (RFC 9110 §4.2.2). */
const HTTPS_PORT = 443

/** Opens the commented example that is installed with the program, from which new configuration files are made. */
function openExample(name: 'ferry' | 'center'): Document {
  const path = join(import.meta.dirname, '../../../config', `${name}.example.yaml`)
  return parseDocument(readFileSync(path, 'utf8'))
}

export interface NewAgentFile {
  readonly aeTitle?: string
  readonly port?: number
  readonly dataFolder?: string
  readonly devices?: readonly { name: string; aeTitle: string; address?: string }[]
}

/** A commented configuration for a new agent. Values are not checked here: load the written file. */
export function newAgentFile(choices: NewAgentFile): string {
  const example = openExample('ferry')
  if (choices.aeTitle !== undefined) example.setIn(['listener', 'aeTitles', 0], quoted(choices.aeTitle))
  if (choices.port !== undefined) example.setIn(['listener', 'port'], choices.port)
  if (choices.dataFolder !== undefined) example.setIn(['dataFolder'], quoted(choices.dataFolder))
  const text = example.toString({ lineWidth: 0 })
  return (choices.devices ?? []).reduce(
    (before, { name, aeTitle, address }) =>
      withDevice(before, { name, aeTitle, ...(address && { addresses: [address] }) }),
    text,
  )
}

/** A commented configuration for a new center, which listens at the port of its public URL unless another is chosen. */
export function newCenterFile(choices: {
  readonly name: string
  readonly publicUrl: string
  readonly port?: number
  readonly dataFolder?: string
}): string {
  const example = openExample('center')
  example.set('name', quoted(choices.name))
  example.set('publicUrl', quoted(choices.publicUrl))
  const port = choices.port ?? portOf(choices.publicUrl)
  if (port !== undefined) example.setIn(['listen', 'port'], port)
  if (choices.dataFolder !== undefined) example.set('dataFolder', quoted(choices.dataFolder))
  return example.toString({ lineWidth: 0 })
}

/** Returns undefined for text that is not a URL: the written file is refused for it. */
function portOf(url: string): number | undefined {
  const port = URL.parse(url)?.port
  return port === undefined ? undefined : Number(port || HTTPS_PORT)
}

/** Quoted, so that 0123, 1E5 or `yes` stay texts for every reader of YAML. */
export function quoted(text: string): Scalar {
  const scalar = new Scalar(text)
  scalar.type = Scalar.QUOTE_DOUBLE
  return scalar
}
