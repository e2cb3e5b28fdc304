namespace Dpark.Embedded.Tests.Serialization;

/// <summary>Damages bytes as storage, networks and attackers do.</summary>
internal static class Mutations
{
    /// <summary>A copy with one to three changes: a bit, a byte, an insertion, a deletion, a cut, a repetition.</summary>
    public static byte[] Mutate(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var changes = random.Next(1, 4); changes > 0 && bytes.Count > 0; changes--)
        {
            var position = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[position] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[position] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.Insert(position, (byte)random.Next(256));
                    break;
                case 3:
                    bytes.RemoveRange(position, Math.Min(random.Next(1, 5), bytes.Count - position));
                    break;
                case 4:
                    bytes.RemoveRange(position, bytes.Count - position);
                    break;
                default:
                    var count = Math.Min(random.Next(1, 20), bytes.Count - position);
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(position, count));
                    break;
            }
        }

        return [.. bytes];
    }
}
