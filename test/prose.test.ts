import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { PROSE_RULES } from './support/prose-rules.ts'

interface Sentence {
  readonly place: string
  readonly text: string
}

const GENERATED = /-table\.ts$|^docs\/import-graph\.md$|^test\/vectors\//

type Kind = 'comments' | 'titles' | 'texts'

/** Sentences of these kinds in a file of code, line by line; a text is any string of several words. */
function sentencesOfCode(file: string, ...kinds: readonly Kind[]): Sentence[] {
  return (
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, at) => {
        const place = `${file}:${at + 1}`
        const comment = /^\s*(?:\/\*\*?|\*(?!\/)|\/\/)\s?(.*?)(?:\*\/)?$/.exec(line)?.[1]
        if (comment !== undefined) return kinds.includes('comments') ? [{ place, text: comment.trim() }] : []
        const isTitle = /^\s*(?:test|describe|it)\b/.test(line) || /^\s*'.*',?$/.test(line)
        if (!kinds.includes('texts') && !(isTitle && kinds.includes('titles'))) return []
        const texts = line.matchAll(/'((?:[^'\\]|\\.)*\s(?:[^'\\]|\\.)*)'|`([^`]*\s[^`]*)`|"([^"]*\s[^"]*)"/g)
        return Array.from(texts, (match) => ({ place, text: match[1] ?? match[2] ?? match[3] ?? '' }))
      })
      // SQL keeps its own words.
      .filter(({ text }) => !/\b(?:SELECT|WHERE|FROM|UPDATE|INSERT)\b/.test(text))
  )
}

/** The lines of a page or of an example of the configuration, without code. */
function sentencesOfPage(file: string): Sentence[] {
  let isCode = false
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, at) => {
      if (line.startsWith('```')) isCode = !isCode
      if (isCode) return []
      const text = line.replace(/`[^`]*`/g, '``').replace(/^\s*(?:[-#>*|]+|\d+\.)\s*/, '')
      return [{ place: `${file}:${at + 1}`, text }]
    })
}

const filesOf = (folder: string, ending: RegExp): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter((file) => ending.test(file) && !GENERATED.test(file))

const hitsIn = (sentences: readonly Sentence[]): string[] =>
  sentences.flatMap(({ place, text }) =>
    PROSE_RULES.filter(({ pattern }) => pattern.test(text)).map(
      ({ instead }) => `${place}: ${text} → ${instead}`,
    ),
  )

test('a habit of the word list is found in the sentence that has it', () => {
  const habits = [
    'Of what was read already',
    'it was tried anew',
    'at most so many rows',
    'what is no instance',
  ]
  for (const text of habits) expect(hitsIn([{ place: 'here', text }])).toHaveLength(1)
})

test('the source is written in plain English', () => {
  const sentences = [
    ...filesOf('src', /\.ts$/),
    ...filesOf('build', /\.[jt]s$/),
    ...filesOf('bench', /\.ts$/),
  ]
  expect(sentences.flatMap((file) => hitsIn(sentencesOfCode(file, 'comments', 'texts')))).toEqual([])
})

test('the documents and the examples of the configuration are written in plain English', () => {
  const pages = [
    'README.md',
    'CHANGELOG.md',
    'SECURITY.md',
    ...['docs', 'bench', 'src', 'test'].flatMap((folder) => filesOf(folder, /(?<!\.zh-CN)\.md$/)),
    ...filesOf('config', /\.ya?ml$/),
  ]
  expect(pages.flatMap((file) => hitsIn(sentencesOfPage(file)))).toEqual([])
})

test('the titles of the tests are written in plain English', () => {
  const tests = filesOf('test', /(?<!\/prose)\.test\.ts$/)
  expect(tests.flatMap((file) => hitsIn(sentencesOfCode(file, 'titles')))).toEqual([])
})

test('the comments of the tests and of their support are written in plain English', () => {
  const files = filesOf('test', /\.(?:ts|js|mjs)$/)
  expect(files.flatMap((file) => hitsIn(sentencesOfCode(file, 'comments')))).toEqual([])
})
