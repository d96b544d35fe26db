import { expect, test } from '@jest/globals'
import {
  birthDateIn,
  isIdCardNumber,
  newIdCardNumber,
  oldIdCardNumber,
} from '../../../src/agent/deidentify/names/id-card-number.ts'

test('the number that GB 11643 gives as its example holds, in capital and small letter', () => {
  expect([isIdCardNumber('11010519491231002X'), isIdCardNumber('11010519491231002x')]).toEqual([true, true])
})

test('one wrong digit, or two that are swapped, is seen', () => {
  const number = '440301198001010018'
  expect(isIdCardNumber(number)).toBe(true)
  for (let i = 0; i < 17; i++) {
    const wrong = number.slice(0, i) + ((Number(number[i]) + 1) % 10) + number.slice(i + 1)
    expect([i, isIdCardNumber(wrong)]).toEqual([i, false])
  }
  expect(isIdCardNumber('443001198001010018')).toBe(false)
})

test('digits without a day of birth are not an ID card number, whatever the check character', () => {
  expect(isIdCardNumber('110105194913310025')).toBe(false)
  expect(isIdCardNumber('000000000000000001')).toBe(false)
})

test('old and new numbers are made from one another', () => {
  expect(oldIdCardNumber('11010519491231002X')).toBe('110105491231002')
  expect(newIdCardNumber('110105491231002')).toBe('11010519491231002X')
  expect(newIdCardNumber('123456789012345')).toBeUndefined()
  expect(birthDateIn('11010519491231002X')).toBe('19491231')
})
