using Dpark.Rdds;

namespace Dpark.Closures;

/// <summary>A stream cannot travel, so a closure that travels did not bring it along.</summary>
public sealed class CapturePlanTests
{
    private static readonly CallSite Site = new("Map", "Program.cs", 12);

    [Fact]
    public void Copy_TwoLambdasOfOneScope_SendOnlyWhatTheOneReads()
    {
        var stream = new MemoryStream();
        var number = 5;
        Func<long> other = () => stream.Length;
        Func<int, int> mine = x => x + number;

        Assert.Equal(7, Travel.Copy(mine)(2));
        Assert.Throws<ClosureException>(() => Travel.Copy(other));
    }

    [Fact]
    public void Copy_BothLambdasOfOneScope_ShareOneObject()
    {
        var (a, b) = (1, 10);
        Func<int> first = () => a++;
        Func<int> second = () => a + b;

        var copies = Travel.Copy(new[] { first, second });
        copies[0]();

        Assert.Equal(12, copies[1]());
    }

    [Fact]
    public void Copy_NestedScopes_SendOnlyTheLinkThatIsRead()
    {
        var stream = new MemoryStream();
        var outer = 3;
        Func<int>? copy = null;
        Func<long>? unused = null;
        foreach (var inner in new[] { 4 })
        {
            unused = () => stream.Length + inner;
            copy = Travel.Copy(() => outer * inner);
        }

        Assert.Equal(12, copy!());
        Assert.NotNull(unused);
    }

    [Fact]
    public void Copy_NestedLambdaAndLocalFunction_SendWhatTheyRead()
    {
        var stream = new MemoryStream();
        var (a, b, c) = (1, 2, 3);
        Func<long> unused = () => stream.Length;

        var copy = Travel.Copy<Func<int[], int>>(values => values.Sum(x => (x * a) + Local(x)));

        Assert.Equal(1 + 2 + 3, copy([1]));
        Assert.NotNull(unused);

        int Local(int x) => new[] { x }.Select(y => (y * b) + c).First();
    }

    [Fact]
    public async Task Copy_IteratorsAndAsyncMethods_SendWhatTheyRead()
    {
        var owner = new Owner();

        Assert.Equal([8, 9], Travel.Copy(owner.ByIterator)(2));
        Assert.Equal(9, await Travel.Copy(owner.ByAsync)(2));
    }

    [Fact]
    public void Copy_LambdaThatReadsAFieldOfThis_SendsTheField()
    {
        var owner = new Owner();

        Assert.Equal(9, Travel.Copy(owner.ByField)(2));
        Assert.Equal(9, Travel.Copy(owner.ByFieldAndLocal(0))(2));
        Assert.Equal(9, Travel.Copy(owner.ByProperty)(2));
        Assert.Equal(9, Travel.Copy<Func<int, int>>(owner.Add)(2));
        Assert.Equal(9, Travel.Copy(owner.ByMethod)(2));
        Assert.Equal(9, Travel.Copy(owner.ByDelegate)(2));
        Assert.Equal(9, Travel.Copy(owner.ByBase)(2));
        Assert.Equal(9, Travel.Copy(owner.ByRecursion)(2));
        Assert.Equal(9, Travel.Copy(owner.ByCondition)(2));
        Assert.Equal(9, Travel.Copy(owner.ByCatch)(2));
    }

    [Fact]
    public void Copy_GenericClass_SendsTheField()
    {
        var owner = new GenericOwner<string>("abc");

        Assert.Equal("abc1", Travel.Copy(owner.ByField)(1));
    }

    [Theory]
    [InlineData("passed on")]
    [InlineData("virtual")]
    [InlineData("framework")]
    [InlineData("stored")]
    [InlineData("returned")]
    public void Check_ThisEscapes_SendsAllOfIt(string way)
    {
        var owner = new Owner();
        Delegate function = way switch
        {
            "passed on" => owner.Passed,
            "virtual" => owner.Virtually,
            "framework" => owner.Hashed,
            "stored" => owner.Stored,
            _ => owner.Returned,
        };

        var exception = Assert.Throws<ClosureException>(() => new ClosureSerializer().Check(function, Site));

        Assert.Equal(Stream.Null.GetType(), exception.OffendingType);
        Assert.Contains("'this._stream'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Copy_BoxedStructTarget_IsSent()
    {
        var point = new Point(3, 4);

        Assert.Equal(5, Travel.Copy<Func<double>>(point.Length)());
    }

    [Fact]
    public void Copy_StructThatUsesItsBase_IsSentWhole()
    {
        var point = new Point(3, 4);

        Assert.Equal("3/4", Travel.Copy<Func<string>>(point.ToString)());
    }

    [Fact]
    public void Copy_PrimaryConstructorParameter_SendsTheParameterOnly()
    {
        using var stream = new MemoryStream();
        var owner = new Primary(stream, 4);

        Assert.Equal(6, Travel.Copy(owner.Add())(2));
    }

    [Fact]
    public void Copy_ClassReachedWholeToo_IsSentWhole()
    {
        var holder = new Holder { Number = 4, Text = "t" };

        var copy = Travel.Copy(new Pair(holder.ByNumber(), holder));

        Assert.Equal(4, copy.Function());
        Assert.Equal("t", copy.Holder.Text);
        copy.Holder.Number = 5;
        Assert.Equal(5, copy.Function());
    }

    [Fact]
    public void Copy_ClassReachedWholeThroughAField_IsSentWhole()
    {
        var holder = new Holder { Number = 4, Text = "t" };
        holder.Friend = new Holder { Friend = holder };

        Assert.Equal("t", Travel.Copy(holder.ByFriend())());
    }

    private class Base
    {
        private readonly int _base = 7;

        protected int BaseAdd(int x) => x + _base;

        public virtual int VirtualAdd(int x) => x + _base;
    }

    private sealed class Other
    {
        public Owner? Owner { get; set; }
    }

    private class Owner : Base
    {
        private readonly Stream _stream = Stream.Null;
        private readonly int _number = 7;

        public Func<int, int> ByField => x => x + _number;

        public Func<int, int> ByProperty => x => x + Number;

        public Func<int, int> ByMethod => x => Twice(Add(x)) / 2;

        public Func<int, int> ByDelegate => x => new[] { x }.Select(Add).Single();

        public Func<int, int> ByBase => x => BaseAdd(x);

        public Func<int, int> ByRecursion => x => Count(x, 7);

        public Func<int, int> ByCondition => x => (x > 1 ? this : null)?._number + x ?? 0;

        public Func<int, int> ByCatch => x =>
        {
            try
            {
                return x > 0 ? throw new FormatException() : x;
            }
            catch (FormatException) when (_number > 0)
            {
                return x + _number;
            }
        };

        public Func<int, IEnumerable<int>> ByIterator => Iterate;

        public Func<int, Task<int>> ByAsync => AddAsync;

        public Func<int> Passed => () => Outside(this);

        public Func<int, int> Virtually => x => VirtualAdd(x);

        public Func<int> Hashed => () => GetHashCode();

        public Func<Other> Stored => () => new Other { Owner = this };

        public Func<Owner> Returned => () => this;

        public long Length => _stream.Length;

        private int Number { get; } = 7;

        public Func<int, int> ByFieldAndLocal(int local) => x => x + local + _number;

        public int Add(int x) => x + _number;

        private static int Twice(int x) => 2 * x;

        private static int Outside(Owner owner) => owner._number;

        private int Count(int x, int n) => n == 0 ? x : Count(x + (_number / 7), n - 1);

        private IEnumerable<int> Iterate(int count)
        {
            for (var i = 1; i <= count; i++)
            {
                yield return Add(i);
            }
        }

        private async Task<int> AddAsync(int x)
        {
            await Task.Yield();
            return Add(x);
        }
    }

    private sealed class GenericOwner<T>(T value)
    {
        private readonly Stream _stream = Stream.Null;
        private readonly T _value = value;

        public Func<int, string> ByField => x => $"{_value}{x}";

        public long Length => _stream.Length;
    }

    private readonly struct Point(int x, int y)
    {
        public double Length() => Math.Sqrt((x * x) + (y * y));

        public override string ToString() => string.Concat(x, "/", y);
    }

    private sealed class Primary(MemoryStream stream, int number)
    {
        public long Length => stream.Length;

        public Func<int, int> Add() => x => x + number;
    }

    private sealed class Holder
    {
        public int Number { get; set; }

        public string Text { get; set; } = "";

        public Holder? Friend { get; set; }

        public Func<int> ByNumber() => () => Number;

        public Func<string> ByFriend() => () => Friend!.Friend!.Text;
    }

    private sealed record Pair(Func<int> Function, Holder Holder);
}
