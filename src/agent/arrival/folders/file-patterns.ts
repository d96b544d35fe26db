/** Names of unfinished files, of files that a file manager writes for itself, and of the index of a disc. */
const LEFT_OUT =
  /^[.~]|~$|\.(tmp|part|partial|filepart|crdownload|download|swp)$|^(thumbs\.db|desktop\.ini|dicomdir)$/i

/** True for the name of a file or folder that is never taken: hidden, unfinished, or written by a file manager. */
export function isLeftOut(name: string): boolean {
  return LEFT_OUT.test(name)
}

/**
 * Makes a test for paths below the folder. A pattern with a slash is compared with the whole path, another one with the
 * name. `*` and `?` do not match a slash, `**` does. Case does not count.
 */
export function matcherOf(patterns: readonly string[]): (path: string) => boolean {
  const tests = patterns.map((pattern) => ({
    isPath: pattern.includes('/'),
    expression: expressionOf(pattern),
  }))
  return (path) => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    return tests.some(({ isPath, expression }) => expression.test(isPath ? path : name))
  }
}

function expressionOf(pattern: string): RegExp {
  const parts = pattern.split(/(\*\*\/?|\*|\?)/)
  const text = parts.map(
    (part) => WILDCARDS.get(part) ?? part.replaceAll(/[.+^$()|[\]{}/]/g, String.raw`\$&`),
  )
  return new RegExp(`^${text.join('')}$`, 'iu')
}

const WILDCARDS: ReadonlyMap<string, string> = new Map([
  ['**/', '(?:[^/]+/)*'],
  ['**', '.*'],
  ['*', '[^/]*'],
  ['?', '[^/]'],
])
