/// Who of all endpoints may make a request now, so that no more than so many are under way.
///
/// Each endpoint has one place of its own: no other one, whatever its requests do, keeps it from getting on. The other places
/// are shared, and an endpoint takes another one only while more are free than it has taken of them. So one whose requests
/// hang has half of them at most, a second one half of the rest, and somebody who comes later finds some free. Of those who
/// wait whoever has least is next.
struct RequestPlaces: Sendable {
    /// Requests at once; more only where there are more endpoints.
    let limit: Int
    /// Those that have a place of their own.
    var endpoints = 0
    private(set) var taken: [String: Int] = [:]
    private(set) var inUse = 0
    /// The tickets of each endpoint that has some, in the order in which they came.
    private var waiting: [String: ArraySlice<Int>] = [:]

    init(limit: Int) {
        self.limit = limit
    }

    func waiting(of endpoint: String) -> Int { waiting[endpoint]?.count ?? 0 }

    /// Of the shared ones.
    private var free: Int { limit - endpoints - (inUse - taken.count) }

    private func mayTake(_ endpoint: String) -> Bool {
        guard let count = taken[endpoint] else { return true }
        return count - 1 < free
    }

    /// Whether a place is taken at once; otherwise it is waited for under that number, which is higher than those before.
    mutating func ask(_ ticket: Int, _ endpoint: String) -> Bool {
        guard waiting[endpoint] == nil, mayTake(endpoint) else {
            waiting[endpoint, default: []].append(ticket)
            return false
        }
        take(endpoint)
        return true
    }

    /// Nobody waits for it any more; `false`: it has its place already.
    mutating func withdraw(_ ticket: Int, _ endpoint: String) -> Bool {
        guard let index = waiting[endpoint]?.firstIndex(of: ticket) else { return false }
        waiting[endpoint]?.remove(at: index)
        if waiting[endpoint]?.isEmpty == true { waiting[endpoint] = nil }
        return true
    }

    /// A place is free again; answers the numbers of those who get one now.
    mutating func giveBack(_ endpoint: String) -> [Int] {
        guard let count = taken[endpoint] else { return [] }
        taken[endpoint] = count > 1 ? count - 1 : nil
        inUse -= 1
        return grant()
    }

    /// There are so many endpoints now; answers who gets a place by that.
    mutating func endpointsChanged(_ count: Int) -> [Int] {
        endpoints = count
        return grant()
    }

    private mutating func take(_ endpoint: String) {
        taken[endpoint, default: 0] += 1
        inUse += 1
    }

    private mutating func grant() -> [Int] {
        var granted: [Int] = []
        while let endpoint = next(), let ticket = waiting[endpoint]?.popFirst() {
            if waiting[endpoint]?.isEmpty == true { waiting[endpoint] = nil }
            take(endpoint)
            granted.append(ticket)
        }
        return granted
    }

    /// Of those who may, the one that has least, and of these the one that has waited for longest.
    private func next() -> String? {
        waiting.filter { mayTake($0.key) }
            .min { (taken[$0.key] ?? 0, $0.value.first ?? 0) < (taken[$1.key] ?? 0, $1.value.first ?? 0) }?.key
    }
}
