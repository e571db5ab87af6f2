import type { Json } from '../core/json.ts'
import { healthOf } from './health.ts'
import type { NamesWorld } from './model.ts'
import { nextDueIn } from './plan-walk.ts'
import { awsShare, ownedSets, weightsIn } from './set.ts'

/** Where the users of each name go now, and where they are to go. */
export const summaryOf = ({ at, names }: NamesWorld): Json => ({
  /** Milliseconds until the next step of a walk is due; null: nobody is on the way. */
  nextStepInMs: nextDueIn(names, at),
  names: names.map((seen) => ({
    name: seen.name,
    zone: { id: seen.zone.id, name: seen.zone.name, private: seen.zone.private },
    sets: ownedSets(seen).map((set) => {
      const { state, members, type } = set
      const aws = awsShare(weightsIn(set))
      const health = (side: 'octavia' | 'aws') => {
        const record = members[side]
        return record === null ? null : healthOf(record, seen).health
      }
      return {
        type,
        shares: { octavia: 100 - aws, aws },
        weights: { ...weightsIn(set) },
        steady: { ...state.steady },
        health: { octavia: health('octavia'), aws: health('aws') },
        epoch: state.epoch,
        walking: state.walk !== null,
      }
    }),
  })),
})
