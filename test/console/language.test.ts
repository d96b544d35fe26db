import { globSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { CONDITIONS } from '../../src/console/language/condition-words.ts'
import { wordsOfFailure } from '../../src/console/language/failure-words.ts'
import { chooseLanguage, PHRASES, speak } from '../../src/console/language/language.ts'
import { FAILURES } from '../../src/platform/failure.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

const placeholders = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).toSorted()

test('every phrase exists in both languages and fills in the same values', () => {
  expect(Object.keys(PHRASES.zh).toSorted()).toEqual(Object.keys(PHRASES.en).toSorted())
  const different = Object.entries(PHRASES.en).filter(
    ([key, text]) =>
      placeholders(text).join() !== placeholders((PHRASES.zh as Record<string, string>)[key] ?? '').join(),
  )
  expect(different).toEqual([])
})

test('every phrase is spoken somewhere', () => {
  const source = globSync(['src/console/**/*.ts', 'src/pages/**/*.ts'], {
    exclude: ['src/console/language/{en,zh}/*.ts'],
  })
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
  // Phrases that are put together, such as `state.${delivery.state}`, count by their first part.
  const composed = Array.from(source.matchAll(/`((?:\w+\.)+)\$\{/g), ([, start = '']) => start)
  const silent = Object.keys(PHRASES.en).filter(
    (phrase) => !source.includes(`'${phrase}'`) && !composed.some((start) => phrase.startsWith(start)),
  )
  expect(silent).toEqual([])
})

test('every condition of the center fills in the same values in both languages', () => {
  for (const [code, { what, todo }] of Object.entries(CONDITIONS.en)) {
    const chinese = (CONDITIONS.zh as Record<string, { what: string; todo: string }>)[code]
    expect([code, placeholders(`${chinese?.what} ${chinese?.todo}`)]).toEqual([
      code,
      placeholders(`${what} ${todo}`),
    ])
    expect(chinese?.what).toMatch(/\p{Script=Han}/u)
  }
})

test('every failure has its meaning and a remedy in both languages', () => {
  for (const code of Object.keys(FAILURES)) {
    for (const language of ['en', 'zh'] as const) {
      const { meaning, todo } = wordsOfFailure(code, language) ?? { meaning: '', todo: '' }
      expect([code, meaning.length > 4, todo.length > 4]).toEqual([code, true, true])
    }
    expect(wordsOfFailure(code, 'zh')?.meaning).toMatch(/\p{Script=Han}/u)
  }
  expect(wordsOfFailure('FROM_A_NEWER_FERRY', 'en')).toBeUndefined()
  expect(wordsOfFailure('toString', 'en')).toBeUndefined()
})

test('the language is that of the option, then FERRY_LANG, then the system', () => {
  expect(chooseLanguage(['status', '--lang', 'zh'], { FERRY_LANG: 'en' })).toBe('zh')
  expect(chooseLanguage(['--lang=en'], { FERRY_LANG: 'zh' })).toBe('en')
  expect(chooseLanguage([], { FERRY_LANG: 'zh', LANG: 'en_US.UTF-8' })).toBe('zh')
  expect(chooseLanguage([], { LANG: 'zh_CN.UTF-8' })).toBe('zh')
  expect(chooseLanguage([], { LC_ALL: 'C', LANG: 'zh_CN.UTF-8' })).toBe('en')
})

test('a value may hold what looks like a placeholder', () => {
  expect(speak('en')('init.done', { path: '{path}' })).toBe('Written: {path}')
})

test('help and errors come in Chinese where Chinese is spoken', async () => {
  using folder = tempFolder()
  const environment = { LANG: 'zh_CN.UTF-8' }
  const help = await runCommand(folder.path, ['status', '--help'], { environment })
  expect(help.out).toMatch(/^用法： ferry status/)
  const { err } = await runCommand(folder.path, ['status'], { environment })
  expect(err).toMatch(/^配置有错误 \(CONFIG_INVALID\)\n {2}没有配置文件/)
})

test('no explanation of a code promises for all images, since it can be shown beside a loss', () => {
  const promise =
    /(the|accepted) (instances|images) are (all )?(kept|safe)|what was accepted is|nothing is lost|(都会保留|影像都在|没有影像丢失|是安全的)/
  const texts = (['en', 'zh'] as const).flatMap((language) =>
    Object.keys(FAILURES).map((code) => Object.values(wordsOfFailure(code, language) ?? {}).join(' ')),
  )
  expect(texts.filter((text) => promise.test(text))).toEqual([])
  expect(promise.test('ask the center; the instances are kept')).toBe(true)
})
