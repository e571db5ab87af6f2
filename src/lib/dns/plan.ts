// Other domains see no other file of this one's rules.
export { totalNeverZero } from './guards.ts'
export { judgeName, shareOf, type JudgedSet } from './judge.ts'
export { walkStops } from './guards-walk.ts'
export { nextDueIn, planWalk } from './plan-walk.ts'
export { noted } from './ours.ts'
export { planWeights } from './plan-weights.ts'
