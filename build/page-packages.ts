/** The npm packages whose code is in the script of a page. */
export const PAGE_PACKAGES: readonly string[] = ['htm', 'preact']
