package import ReeveProtocol

/// What an endpoint's lanes do, each counted once; of those that are in memory.
package struct LaneStandings: Sendable, Equatable {
    /// A request with something of them is under way; since when the longest, on the sender's clock.
    package var sending = 0
    package var sendingSince: Duration?
    /// There is something to be sent, or to be read, and no place for it.
    package var ready = 0
    /// A try failed; when the next one is, and what the last answer of that lane was.
    package var waiting = 0
    package var nextTry: Duration?
    package var lastAnswer: String?
    /// Step changes gather; when the first of them go.
    package var gathering = 0
    package var nextDrain: Duration?
    /// Refused, and kept until somebody decides.
    package var held = 0
    /// One of them.
    package var heldLane: Lane?

    package init() {}
}

extension EndpointMachine {
    package var laneStandings: LaneStandings {
        var standings = LaneStandings()
        for (lane, queue) in lanes {
            switch queue.state {
            case .idle: break
            case .ready, .reading: standings.ready += 1
            case .sending:
                standings.sending += 1
                standings.sendingSince = min(standings.sendingSince ?? queue.sentAt, queue.sentAt)
            case .waiting(let time):
                standings.waiting += 1
                // Who would be first is it also where all are held up.
                if time < standings.nextTry ?? .seconds(Int64.max) {
                    (standings.nextTry, standings.lastAnswer) = (time, queue.lastAnswer)
                }
            case .gathering(let time):
                standings.gathering += 1
                standings.nextDrain = min(standings.nextDrain ?? time, time)
            case .held:
                standings.held += 1
                if lane.name < standings.heldLane?.name ?? lane.name + "." { standings.heldLane = lane }
            }
        }
        standings.nextTry = standings.nextTry.map(admitted)
        standings.nextDrain = standings.nextDrain.map(admitted)
        return standings
    }
}
