import type { Message } from '../message.ts'

const bytesOf = (text: string): number => Buffer.byteLength(text, 'utf8')

/** Returns title and lines as one text of at most `limitBytes` in UTF-8. Lines that do not fit are counted at the end. */
export function fitText({ title, lines }: Pick<Message, 'title' | 'lines'>, limitBytes: number): string {
  const whole = [title, ...lines].join('\n')
  if (bytesOf(whole) <= limitBytes) return whole
  for (let kept = lines.length - 1; kept >= 0; kept--) {
    const text = [title, ...lines.slice(0, kept), `… (+${lines.length - kept})`].join('\n')
    if (bytesOf(text) <= limitBytes) return text
  }
  return Buffer.from(title)
    .subarray(0, limitBytes)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')
}
