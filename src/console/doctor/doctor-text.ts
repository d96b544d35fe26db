import type { Say } from '../language/language.ts'
import type { Style, Terminal } from '../session/terminal.ts'
import { printable } from '../views/text-table.ts'
import type { DoctorFinding } from './checks/exam.ts'

const MARKS: Readonly<Record<DoctorFinding['level'], { mark: string; style: Style }>> = {
  bad: { mark: '✗', style: 'red' },
  note: { mark: '!', style: 'yellow' },
  good: { mark: '✓', style: 'green' },
}

/** Returns the lines of `doctor`: every check, with cause and cure, and the result last, where it stays on the screen. */
export function doctorText(findings: readonly DoctorFinding[], say: Say, paint: Terminal['paint']): string[] {
  const bad = findings.filter(({ level }) => level === 'bad').length
  const notes = findings.filter(({ level }) => level === 'note').length
  const level = bad > 0 ? 'bad' : 'good'
  const { mark, style } = MARKS[level]
  const result = bad > 0 ? say('doctor.result.bad', { bad, notes }) : say('doctor.result.good', { notes })
  return [
    ...findings.flatMap((finding) => findingText(finding, say, paint)),
    '',
    paint(style, `${mark} ${result}`),
  ]
}

function findingText(
  { check, level, code, found, todo }: DoctorFinding,
  say: Say,
  paint: Terminal['paint'],
): string[] {
  const { mark, style } = MARKS[level]
  const [first = '', ...more] = found.split('\n').map(printable)
  const named = level === 'bad' ? ` (${code})` : ''
  return [
    `${paint(style, mark)} ${say('doctor.line', { check: say(`doctor.check.${check}`), found: first })}${named}`,
    ...more.map((line) => `    ${line}`),
    ...(todo === '' ? [] : todo.split('\n').map((line) => `  → ${printable(line)}`)),
  ]
}
