/** Text, quoted names and comments, in which a question mark is not a parameter. */
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\//g

/** Counts the parameters `?` of an SQL statement. Named and numbered parameters are not used in Ferry. */
export function countParameters(sql: string): number {
  return sql.replaceAll(QUOTED, ' ').split('?').length - 1
}
