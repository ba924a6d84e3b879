/// How a task stands, in a word: the first of these that is so.
package enum TaskStanding: String, WireWord {
    case removed
    /// A run of it has begun.
    case running
    /// A run of it is to begin, and waits.
    case waiting
    /// It has no schedule.
    case byHand
    /// Its schedule has no further time.
    case completed
    /// Its schedule cannot be read any more.
    case unreadable
    case paused
    /// It is due by a start of the host.
    case boot
    /// It is due by time, but the agent's clock is not set.
    case clockNotSet
    /// It is due by time, but the part of the agent that decides when is away.
    case schedulerAway
    /// It is due by time.
    case scheduled
}
