import { readFileSync } from 'node:fs'

/** A file of the walk of an instance, and how it is entered. */
export interface Step {
  readonly file: string
  /** The interface by which it is entered, the object that holds it, or the protocol; undefined for an import. */
  readonly entry: { readonly how: 'as' | 'of' | 'by'; readonly name: string } | undefined
}

/** Reads the numbered list of docs/architecture.md, with its two halves. */
export function readWalk(): { toSuccess: Step[]; toReceipt: Step[] } {
  const page = readFileSync('docs/architecture.md', 'utf8')
  const [, toSuccess = '', toReceipt = ''] =
    /\nTo Success:\n\n(.*?)\n\nTo the receipt:\n\n(.*?)\n\n/s.exec(page) ?? []
  return { toSuccess: stepsOf(toSuccess), toReceipt: stepsOf(toReceipt) }
}

const stepsOf = (list: string): Step[] =>
  Array.from(
    list.matchAll(/^\d+\. `([^`]+)`(?: \((as|of|by) `?(\w+)`?\))? [a-z].*\.$/gm),
    ([, file, how, name]) => ({
      file: file ?? '',
      entry: name === undefined ? undefined : { how: how as 'as' | 'of' | 'by', name },
    }),
  )
