/** Forms of address after a family name. */
const CHINESE = [
  '某某?',
  '先生',
  '女士',
  '小姐',
  '太太',
  '老师',
  '医[生师]',
  '大夫',
  '主任',
  '教授',
  '护士长?',
  '技师',
  '院长',
  '阿姨',
  '大[爷妈]',
  '奶奶',
  '爷爷',
  '同[志学]',
  '患者',
]

export const ADDRESSED_BEHIND = `(?:${CHINESE.join('|')})`

const BEFORE = 'mr|mrs|ms|miss|madam|sir|dr|doctor|prof|professor|patient|pt|name'

/** Mr Li, Dr. Li, patient: Li, 患者Li; over folded text. */
export const addressedBefore = (family: string): string =>
  String.raw`(?:${BEFORE}|患者|病人|姓名)[\s.,:：_^]{1,3}${family}`
