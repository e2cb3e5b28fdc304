using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Dpark.Baselines;

/// <summary>Word count by hand on bytes: no string but one per different word at the end. Words are separated by blanks and line ends.</summary>
public static class Utf8WordCountBaseline
{
    private const int ChunkBytes = 4 << 20;

    /// <summary>Counts on threads of its own, each into a table of its own.</summary>
    public static Dictionary<string, long> CountOnThreads(string path, int threadCount)
    {
        using var source = new LineChunks(path, ChunkBytes);
        var tables = new WordTable[threadCount];
        Threads.Run(threadCount, index =>
        {
            var table = tables[index] = new WordTable();
            var buffer = Array.Empty<byte>();
            while (source.TryTake(ref buffer, out var chunk))
            {
                Count(table, buffer.AsSpan(chunk.Start, chunk.Count));
            }
        });

        var counts = new Dictionary<string, long>();
        Array.ForEach(tables, table => table.AddTo(counts));
        return counts;
    }

    private static void Count(WordTable table, ReadOnlySpan<byte> text)
    {
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] <= (byte)' ')
            {
                if (i > start)
                {
                    table.Increment(text[start..i]);
                }

                start = i + 1;
            }
        }

        if (text.Length > start)
        {
            table.Increment(text[start..]);
        }
    }

    /// <summary>Open addressing; a slot has the first eight bytes of the word, so that most words are found without looking elsewhere.</summary>
    private sealed class WordTable
    {
        private Slot[] _slots = new Slot[1 << 16];
        private byte[] _text = new byte[1 << 20];
        private int _textLength;
        private int _count;

        public void Increment(ReadOnlySpan<byte> word)
        {
            var prefix = PrefixOf(word);
            var hash = HashOf(word, prefix);
            var mask = _slots.Length - 1;
            for (var position = (int)(hash >> 32) & mask; ; position = (position + 1) & mask)
            {
                ref var slot = ref _slots[position];
                if (slot.Count == 0)
                {
                    Add(ref slot, word, prefix, hash);
                    return;
                }

                if (slot.Prefix == prefix && slot.Length == word.Length &&
                    (word.Length <= 8 || _text.AsSpan(slot.Start, slot.Length).SequenceEqual(word)))
                {
                    slot.Count++;
                    return;
                }
            }
        }

        public void AddTo(Dictionary<string, long> counts)
        {
            counts.EnsureCapacity(_count);
            foreach (ref readonly var slot in _slots.AsSpan())
            {
                if (slot.Count > 0)
                {
                    CollectionsMarshal.GetValueRefOrAddDefault(counts, Encoding.UTF8.GetString(_text.AsSpan(slot.Start, slot.Length)), out _) += slot.Count;
                }
            }
        }

        private void Add(ref Slot slot, ReadOnlySpan<byte> word, ulong prefix, ulong hash)
        {
            if (_text.Length - _textLength < word.Length)
            {
                Array.Resize(ref _text, Math.Max(_text.Length * 2, _textLength + word.Length));
            }

            word.CopyTo(_text.AsSpan(_textLength));
            slot = new Slot { Prefix = prefix, Hash = hash, Start = _textLength, Length = word.Length, Count = 1 };
            _textLength += word.Length;
            if (++_count > _slots.Length / 2)
            {
                Grow();
            }
        }

        private void Grow()
        {
            var slots = new Slot[_slots.Length * 2];
            foreach (ref readonly var slot in _slots.AsSpan())
            {
                if (slot.Count > 0)
                {
                    var position = (int)(slot.Hash >> 32) & (slots.Length - 1);
                    while (slots[position].Count > 0)
                    {
                        position = (position + 1) & (slots.Length - 1);
                    }

                    slots[position] = slot;
                }
            }

            _slots = slots;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static ulong PrefixOf(ReadOnlySpan<byte> word)
        {
            ref var start = ref MemoryMarshal.GetReference(word);
            if (word.Length >= 8)
            {
                return Unsafe.ReadUnaligned<ulong>(ref start);
            }

            if (word.Length >= 4)
            {
                ulong low = Unsafe.ReadUnaligned<uint>(ref start);
                ulong high = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref start, word.Length - 4));
                return low | (high << ((word.Length - 4) * 8));
            }

            return start | ((ulong)Unsafe.Add(ref start, word.Length >> 1) << ((word.Length >> 1) * 8)) | ((ulong)word[^1] << ((word.Length - 1) * 8));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static ulong HashOf(ReadOnlySpan<byte> word, ulong prefix)
        {
            var hash = prefix * 0x9E3779B97F4A7C15;
            for (var i = 8; i < word.Length; i++)
            {
                hash = (BitOperations.RotateLeft(hash, 7) ^ word[i]) * 0x9E3779B97F4A7C15;
            }

            return hash ^ (hash >> 29);
        }

        private struct Slot
        {
            public ulong Prefix;
            public ulong Hash;
            public long Count;
            public int Start;
            public int Length;
        }
    }
}
