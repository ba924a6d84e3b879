/// How an endpoint stands, in a word: the first of these that is so.
package enum EndpointStanding: String, WireWord {
    /// At the time that was asked about there was none of that name.
    case absent
    /// At the time that was asked about the agent did not run.
    case stopped
    case paused
    /// The part of the agent that delivers is away.
    case unavailable
    /// It does not answer, and is tried now and then.
    case down
    /// A lane was refused and waits for a person.
    case held
    /// Lanes wait for another try.
    case retrying
    /// Something is under way, or goes as soon as there is a place.
    case delivering
    /// Step changes gather until they go.
    case gathering
    /// Of a queue: something waits to be fetched.
    case waiting
    case muted
    /// It has all that is meant for it. Of a time in the past: nothing is known that kept it from getting that.
    case idle
}
