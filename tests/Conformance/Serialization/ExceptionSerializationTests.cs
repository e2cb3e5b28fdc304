using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Dpark.Conformance.Serialization;

public sealed class ExceptionSerializationTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();
    private readonly Serializer _serializer;

    public ExceptionSerializationTests() => _serializer = _services.GetRequiredService<Serializer>();

    public void Dispose() => _services.Dispose();

    [Fact]
    public void Deserialize_GeneratedException_KeepsFieldsMessageInnerAndStack()
    {
        var original = Thrown(new OrderFailedException("no stock", 7, new TimeoutException("late")));

        var copy = Assert.IsType<OrderFailedException>(RoundTrip<Exception>(original));

        Assert.Equal(("no stock", 7L), (copy.Message, copy.Number));
        Assert.Equal("late", Assert.IsType<TimeoutException>(copy.InnerException).Message);
        Assert.Contains(nameof(Thrown), copy.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public void Deserialize_ThrownAgain_StackHasBothPlaces()
    {
        var copy = RoundTrip(Thrown(new OrderFailedException("x", 1)));

        var rethrown = Thrown(copy);

        Assert.Equal(2, rethrown.StackTrace!.Split(nameof(Thrown)).Length - 1);
    }

    [Fact]
    public void Deserialize_SystemException_KeepsTypeAndMessage()
    {
        var invalid = RoundTrip<Exception>(new InvalidOperationException("bad state"));
        var argument = RoundTrip<Exception>(new ArgumentNullException("name"));

        Assert.Equal("bad state", Assert.IsType<InvalidOperationException>(invalid).Message);
        Assert.Contains("name", Assert.IsType<ArgumentNullException>(argument).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deserialize_AggregateException_KeepsInners()
    {
        var copy = RoundTrip<Exception>(new AggregateException("several", new TimeoutException("a"), new OrderFailedException("b", 2)));

        var aggregate = Assert.IsType<AggregateException>(copy);
        Assert.Equal([typeof(TimeoutException), typeof(OrderFailedException)], aggregate.InnerExceptions.Select(inner => inner.GetType()));
        Assert.StartsWith("several", aggregate.Message, StringComparison.Ordinal);
        Assert.Equal("a", aggregate.InnerException!.Message);
    }

    [Fact]
    public void Deserialize_TaskCanceledException_KeepsType()
    {
        Assert.IsType<TaskCanceledException>(RoundTrip<Exception>(new TaskCanceledException("stop")));
        Assert.IsType<OperationCanceledException>(RoundTrip<Exception>(new OperationCanceledException()));
    }

    [Fact]
    public void Deserialize_ExceptionInObject_KeepsType()
    {
        Assert.IsType<OrderFailedException>(RoundTrip<object>(new OrderFailedException("x", 1)));
    }

    [Fact]
    public void Serialize_UnmarkedException_ThrowsCodecNotFound()
    {
        var exception = Assert.Throws<CodecNotFoundException>(() => _serializer.SerializeToArray<Exception>(new UnmarkedException("x")));

        Assert.StartsWith($"Could not find a codec for type {typeof(UnmarkedException)}", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deserialize_UnmarkedExceptionByFilter_KeepsTypeAndMessage()
    {
        using var services = new ServiceCollection()
            .AddSerializer()
            .Configure<ExceptionSerializationOptions>(options => options.SupportedExceptionTypeFilter = type => type == typeof(UnmarkedException))
            .BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();

        var copy = serializer.Deserialize<Exception>(serializer.SerializeToArray<Exception>(new UnmarkedException("allowed")));

        Assert.Equal("allowed", Assert.IsType<UnmarkedException>(copy).Message);
    }

    [Fact]
    public void Deserialize_UnmarkedExceptionByNamespace_KeepsType()
    {
        using var services = new ServiceCollection()
            .AddSerializer()
            .Configure<ExceptionSerializationOptions>(options => options.SupportedNamespacePrefixes.Add("Dpark"))
            .BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();

        Assert.IsType<UnmarkedException>(serializer.Deserialize<Exception>(serializer.SerializeToArray<Exception>(new UnmarkedException("x"))));
    }

    private static T Thrown<T>(T exception)
        where T : Exception
    {
        try
        {
            throw exception;
        }
        catch (T caught)
        {
            return caught;
        }
    }

    private T RoundTrip<T>(T value) => _serializer.Deserialize<T>(_serializer.SerializeToArray(value))!;
}
