import { expect, test } from '@jest/globals'
import { sopClassSummary } from '../../src/console/views/sop-class-summary.ts'

test('a few SOP classes are named in full', () => {
  expect(sopClassSummary(['Verification', 'CT Image Storage'], 0)).toBe('Verification, CT Image Storage')
})

test('a long list of SOP classes is shown as kinds of images and a total', () => {
  const many = [
    'Verification',
    'CT Image Storage',
    'Enhanced CT Image Storage',
    'Ultrasound Multi-frame Image Storage',
    'Basic Text SR Storage',
    'Computed Radiography Image Storage',
    'Digital X-Ray Image Storage - For Presentation',
    'MR Image Storage',
  ]
  expect(sopClassSummary(many, 56)).toBe('echo, CT, US, SR, CR, DX … (64)')
  expect(sopClassSummary(many.slice(1, 5), 0)).toBe('CT, US, SR (4)')
})

test('classes that have no short name are named by their own', () => {
  const names = ['1.2.3', '1.2.4', '1.2.5', '1.2.6']
  expect(sopClassSummary(names, 0)).toBe('1.2.3, 1.2.4, 1.2.5, 1.2.6 (4)')
})
