using Dpark.Applications;

namespace Dpark.Closures;

/// <summary>Sends things through bytes, as a job does.</summary>
internal static class Travel
{
    public static readonly AppId App = new("app-test");

    public static T Copy<T>(T value)
        where T : class
    {
        var serializer = new ClosureSerializer();
        var bytes = serializer.Serialize(value, null).Bytes;
        using var code = new CodeResolver(App, serializer.Catalog.Read);
        return (T)ClosureSerializer.Deserialize(bytes, code);
    }

    /// <summary>Bytes that a graph takes inline.</summary>
    public static int Size(object value) => new ClosureSerializer().Serialize(value, null).Bytes.Length;
}
