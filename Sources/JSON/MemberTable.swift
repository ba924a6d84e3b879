/// The members of an object, found by name in about the same time however many there are.
///
/// A client may send an object with hundreds of thousands of members; looking through them for each name would be a
/// way to keep the agent busy.
struct MemberTable {
    let members: [JSONObject.Member]
    private let positions: [String: Int]?

    init(_ object: JSONObject) {
        members = object.members
        positions =
            members.count <= 16
            ? nil : Dictionary(members.indices.map { (object.members[$0].name, $0) }) { first, _ in first }
    }

    /// The first member of that name.
    subscript(name: String) -> JSON? {
        guard let positions else { return members.first { $0.name == name }?.value }
        return positions[name].map { members[$0].value }
    }

    /// A name that stands more than once, if one does.
    var repeatedName: String? {
        if let positions {
            guard positions.count < members.count else { return nil }
            return members.indices.first { positions[members[$0].name] != $0 }.map { members[$0].name }
        }
        for (position, member) in members.enumerated()
        where members[..<position].contains(where: { $0.name == member.name }) {
            return member.name
        }
        return nil
    }
}
