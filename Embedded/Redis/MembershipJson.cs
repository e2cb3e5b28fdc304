using System.Text.Encodings.Web;
using System.Text.Json;
using Orleans.Runtime;

namespace Orleans.Clustering.Redis;

/// <summary>Rows of the membership as the JSON that the official provider writes and reads, so that both may share a table.</summary>
/// <remarks>
/// An object of the properties of <see cref="MembershipEntry"/>; a silo as <c>{"SiloAddress":"ip:port@generation"}</c>, a suspicion as
/// <c>{"Item1":silo,"Item2":time}</c>, a status as its number, times in UTC. Members that are not known are skipped, missing ones keep their default.
/// </remarks>
internal static class MembershipJson
{
    private const string Address = nameof(MembershipEntry.SiloAddress);
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonDocumentOptions ReaderOptions = new() { MaxDepth = 10 };

    public static byte[] Write(MembershipEntry entry)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, WriterOptions))
        {
            json.WriteStartObject();
            WriteSilo(json, nameof(entry.SiloAddress), entry.SiloAddress);
            json.WriteNumber(nameof(entry.Status), (int)entry.Status);
            WriteSuspicions(json, entry.SuspectTimes);
            json.WriteNumber(nameof(entry.ProxyPort), entry.ProxyPort);
            json.WriteString(nameof(entry.HostName), entry.HostName);
            json.WriteString(nameof(entry.SiloName), entry.SiloName);
            json.WriteString(nameof(entry.RoleName), entry.RoleName);
            json.WriteNumber(nameof(entry.UpdateZone), entry.UpdateZone);
            json.WriteNumber(nameof(entry.FaultZone), entry.FaultZone);
            json.WriteString(nameof(entry.StartTime), ToUtc(entry.StartTime));
            json.WriteString(nameof(entry.IAmAliveTime), ToUtc(entry.IAmAliveTime));
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <exception cref="FormatException">The text is not a row.</exception>
    public static MembershipEntry Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, ReaderOptions);
            var entry = new MembershipEntry();
            foreach (var property in document.RootElement.EnumerateObject())
            {
                ReadProperty(entry, property.Name, property.Value);
            }

            return entry.SiloAddress is null ? throw new FormatException($"There is no '{Address}'.") : entry;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException(exception.Message, exception);
        }
    }

    private static void ReadProperty(MembershipEntry entry, string name, JsonElement value)
    {
        switch (name)
        {
            case nameof(entry.SiloAddress):
                entry.SiloAddress = ReadSilo(value);
                break;
            case nameof(entry.Status):
                entry.Status = (SiloStatus)value.GetInt32();
                break;
            case nameof(entry.SuspectTimes):
                entry.SuspectTimes = value.ValueKind == JsonValueKind.Null ? null : [.. value.EnumerateArray().Select(ReadSuspicion)];
                break;
            case nameof(entry.ProxyPort):
                entry.ProxyPort = value.GetInt32();
                break;
            case nameof(entry.HostName):
                entry.HostName = value.GetString() ?? "";
                break;
            case nameof(entry.SiloName):
                entry.SiloName = value.GetString() ?? "";
                break;
            case nameof(entry.RoleName):
                entry.RoleName = value.GetString() ?? "";
                break;
            case nameof(entry.UpdateZone):
                entry.UpdateZone = value.GetInt32();
                break;
            case nameof(entry.FaultZone):
                entry.FaultZone = value.GetInt32();
                break;
            case nameof(entry.StartTime):
                entry.StartTime = ToUtc(value.GetDateTime());
                break;
            case nameof(entry.IAmAliveTime):
                entry.IAmAliveTime = ToUtc(value.GetDateTime());
                break;
        }
    }

    private static Tuple<SiloAddress, DateTime> ReadSuspicion(JsonElement value) =>
        Tuple.Create(ReadSilo(value.GetProperty("Item1")), ToUtc(value.GetProperty("Item2").GetDateTime()));

    private static SiloAddress ReadSilo(JsonElement value) => SiloAddress.FromParsableString(value.GetProperty(Address).GetString() ?? "");

    private static void WriteSuspicions(Utf8JsonWriter json, List<Tuple<SiloAddress, DateTime>>? suspicions)
    {
        if (suspicions is null)
        {
            json.WriteNull(nameof(MembershipEntry.SuspectTimes));
            return;
        }

        json.WriteStartArray(nameof(MembershipEntry.SuspectTimes));
        foreach (var (silo, time) in suspicions)
        {
            json.WriteStartObject();
            WriteSilo(json, "Item1", silo);
            json.WriteString("Item2", ToUtc(time));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteSilo(Utf8JsonWriter json, string name, SiloAddress silo)
    {
        json.WriteStartObject(name);
        json.WriteString(Address, silo.ToParsableString());
        json.WriteEndObject();
    }

    private static DateTime ToUtc(DateTime time) => time.Kind == DateTimeKind.Unspecified ? DateTime.SpecifyKind(time, DateTimeKind.Utc) : time.ToUniversalTime();
}
