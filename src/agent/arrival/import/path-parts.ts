import { sep } from 'node:path'

/** `/` separates everywhere: in a zip file, and in what a browser says. */
const SEPARATORS = sep === '/' ? /\// : /[\\/]/

export const pathParts = (path: string): string[] => path.split(SEPARATORS)

export const lastPart = (path: string): string => pathParts(path).at(-1) ?? ''
