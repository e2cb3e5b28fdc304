using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text;
using Orleans.Serialization.Codecs;

namespace Orleans.Runtime;

/// <summary>Names one life of a silo: its endpoint and a generation, which a restart changes. Immutable; equal addresses are the same object as a rule.</summary>
[Immutable, SerializedBy(typeof(SiloAddressCodec))]
public sealed class SiloAddress : IEquatable<SiloAddress>, IComparable<SiloAddress>, ISpanFormattable, IParsable<SiloAddress>
{
    private const int GenerationsPerSecond = 8;
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private const int MaxInterned = 4096;
    private const int Ipv4Bytes = 4;
    private const int Ipv6Bytes = 16;

    private static readonly ConcurrentDictionary<string, SiloAddress> Interned = new();
    private static int s_lastGeneration;

    private readonly string _text;
    private readonly int _hash;

    private SiloAddress(IPEndPoint endpoint, int generation, string text)
    {
        Endpoint = endpoint;
        Generation = generation;
        _text = text;
        _hash = unchecked((int)IdHash.Of(Encoding.UTF8.GetBytes(_text)));
    }

    /// <summary>No silo.</summary>
    public static SiloAddress Zero { get; } = New(IPAddress.Any, 0, 0);

    /// <summary>Where the silo listens for others.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>When the silo started, see <see cref="AllocateNewGeneration"/>; 0 in addresses of gateways; negative for clients.</summary>
    public int Generation { get; }

    /// <summary>Whether a client has the address.</summary>
    public bool IsClient => Generation < 0;

    /// <summary>An address.</summary>
    public static SiloAddress New(IPAddress address, int port, int generation) => New(new IPEndPoint(address, port), generation);

    /// <summary>An address. An IPv4 address in IPv6 form is taken as IPv4.</summary>
    public static SiloAddress New(IPEndPoint ep, int gen)
    {
        ArgumentNullException.ThrowIfNull(ep);
        var endpoint = ep.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(ep.Address.MapToIPv4(), ep.Port) : ep;
        var text = TextOf(endpoint, gen);
        if (Interned.TryGetValue(text, out var known))
        {
            return known;
        }

        // A peer that makes addresses up must not fill the memory.
        if (Interned.Count >= MaxInterned)
        {
            Interned.Clear();
        }

        return Interned.GetOrAdd(text, new SiloAddress(endpoint, gen, text));
    }

    /// <summary>A generation for a silo that starts now; larger than any that this process got before. At least 1.</summary>
    /// <remarks>
    /// Eighths of a second since 2026: no process ends and is started again within one. They begin anew in the year 2034; a silo that is killed before that and started after it
    /// can join when the others have found it dead.
    /// </remarks>
    public static int AllocateNewGeneration()
    {
        var now = GenerationAt(TimeProvider.System.GetUtcNow());
        while (true)
        {
            var last = Volatile.Read(ref s_lastGeneration);
            var next = Math.Max(now, last + 1);
            if (Interlocked.CompareExchange(ref s_lastGeneration, next, last) == last)
            {
                return next;
            }
        }
    }

    /// <summary>The generation of a silo that starts then, the first of its process.</summary>
    internal static int GenerationAt(DateTimeOffset time) =>
        (int)((time - Epoch).Ticks / (TimeSpan.TicksPerSecond / GenerationsPerSecond) % int.MaxValue) + 1;

    /// <summary>Reads <c>address:port@generation</c>.</summary>
    /// <exception cref="FormatException">The text is of another form.</exception>
    public static SiloAddress FromParsableString(string addr) =>
        TryParse(addr, null, out var result) ? result : throw new FormatException($"'{addr}' is not a silo address. Write it as address:port@generation.");

    /// <inheritdoc cref="FromParsableString"/>
    public static SiloAddress FromUtf8String(ReadOnlySpan<byte> addr) => FromParsableString(Encoding.UTF8.GetString(addr));

    /// <inheritdoc cref="FromParsableString"/>
    public static SiloAddress Parse(string addr) => FromParsableString(addr);

    /// <inheritdoc cref="FromParsableString"/>
    public static SiloAddress Parse(string s, IFormatProvider? provider) => FromParsableString(s);

    /// <summary>Reads <c>address:port@generation</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? addr, [MaybeNullWhen(false)] out SiloAddress result) => TryParse(addr, null, out result);

    /// <inheritdoc cref="TryParse(string, out SiloAddress)"/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out SiloAddress result)
    {
        if (s is not null && Interned.TryGetValue(s, out result))
        {
            return true;
        }

        result = null;
        var at = s?.LastIndexOf('@') ?? -1;
        if (at < 0
            || !IPEndPoint.TryParse(s.AsSpan(0, at), out var endpoint)
            || !int.TryParse(s.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var generation))
        {
            return false;
        }

        result = New(endpoint, generation);
        return true;
    }

    /// <summary><c>address:port@generation</c>, which <see cref="FromParsableString"/> reads.</summary>
    public string ToParsableString() => _text;

    /// <summary>A hash that is the same in every process.</summary>
    public int GetConsistentHashCode() => _hash;

    /// <summary>Several hashes that are the same in every process.</summary>
    public uint[] GetUniformHashCodes(int numHashes)
    {
        var hashes = new uint[numHashes];
        for (var i = 0; i < numHashes; i++)
        {
            hashes[i] = IdHash.Combine(unchecked((uint)_hash), (uint)i);
        }

        return hashes;
    }

    /// <summary>Whether this is an earlier life of the silo at the same endpoint.</summary>
    public bool IsPredecessorOf(SiloAddress other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Endpoint.Equals(other.Endpoint) && Generation < other.Generation;
    }

    /// <summary>Whether this is a later life of the silo at the same endpoint.</summary>
    public bool IsSuccessorOf(SiloAddress other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Endpoint.Equals(other.Endpoint) && Generation > other.Generation;
    }

    /// <inheritdoc/>
    public bool Equals(SiloAddress? other) => ReferenceEquals(this, other) || (other is not null && _hash == other._hash && _text == other._text);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SiloAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    /// <summary>By port, then generation, then address.</summary>
    public int CompareTo(SiloAddress? other)
    {
        if (other is null)
        {
            return 1;
        }

        var order = Endpoint.Port.CompareTo(other.Endpoint.Port);
        order = order != 0 ? order : Generation.CompareTo(other.Generation);
        return order != 0 ? order : string.CompareOrdinal(_text, other._text);
    }

    /// <summary><c>S</c> (or <c>C</c> for a client), endpoint and generation.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(IsClient ? 'C' : 'S')}{Endpoint}:{Generation}");

    /// <summary><see cref="ToString"/> with the hash.</summary>
    public string ToStringWithHashCode() => $"{this}/x{_hash:X8}";

    // As the endpoint writes itself, whose way of writing IPv4 is compiled when it is first used.
    private static string TextOf(IPEndPoint endpoint, int generation)
    {
        Span<byte> address = stackalloc byte[Ipv6Bytes];
        return endpoint.Address.TryWriteBytes(address, out var count) && count == Ipv4Bytes
            ? string.Create(CultureInfo.InvariantCulture, $"{address[0]}.{address[1]}.{address[2]}.{address[3]}:{endpoint.Port}@{generation}")
            : string.Create(CultureInfo.InvariantCulture, $"{endpoint}@{generation}");
    }

    string IFormattable.ToString(string? format, IFormatProvider? formatProvider) => ToString();

    bool ISpanFormattable.TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        destination.TryWrite(CultureInfo.InvariantCulture, $"{(IsClient ? 'C' : 'S')}{Endpoint}:{Generation}", out charsWritten);
}
